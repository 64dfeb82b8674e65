// The filter as text, taken apart only as far as the bar and the facets need. The grammar itself is the server's.

export interface Clause { text: string; from: number; to: number; negated: boolean; key: string | null; value: string }

/** Words of a filter; a quote holds spaces together, also after a key. */
export function clausesOf(q: string): Clause[] {
  return [...q.matchAll(/(?:[^\s"]|"(?:[^"\\]|\\.)*"?)+/g)].map((found) => clause(found[0], found.index));
}

function clause(text: string, from: number): Clause {
  const negated = text.startsWith("-") && text.length > 1;
  const body = negated ? text.slice(1) : text;
  const colon = body.startsWith('"') ? -1 : body.indexOf(":");
  const key = colon > 0 ? body.slice(0, colon) : null;
  return { text, from, to: from + text.length, negated, key, value: unquoted(key ? body.slice(colon + 1) : body) };
}

export function quoted(value: string): string {
  return /[\s",:]/.test(value) ? `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"` : value;
}

function unquoted(value: string): string {
  const inner = value.replace(/^"/, "").replace(/(?<!\\)"$/, "");
  return value.startsWith('"') ? inner.replaceAll('\\"', '"').replaceAll("\\\\", "\\") : value;
}

export function has(q: string, key: string, value: string): boolean {
  return clausesOf(q).some((one) => !one.negated && one.key === key && one.value === value);
}

/** Adds the clause, or takes it out when it is there; another value of the same key gives way. */
export function toggled(q: string, key: string, value: string): string {
  const there = has(q, key, value);
  const rest = clausesOf(q).filter((one) => one.negated || one.key !== key).map((one) => one.text);
  return [...rest, ...(there ? [] : [`${key}:${quoted(value)}`])].join(" ");
}

/** A time range in place of whatever range was there. */
export function within(q: string, from: string, to: string): string {
  const rest = clausesOf(q).filter((one) => one.key !== "created").map((one) => one.text);
  return [...rest, `created:>=${quoted(from)}`, `created:<${quoted(to)}`].join(" ");
}

/** Whether only test runs are asked for (true), none (false), or both (null). */
export function testing(q: string): boolean | null {
  const found = clausesOf(q).find(isTesting);
  return found ? !found.negated : null;
}

export function withTesting(q: string, only: boolean | null): string {
  const rest = clausesOf(q).filter((one) => !isTesting(one)).map((one) => one.text);
  return [...rest, ...(only === null ? [] : [only ? "is:test" : "-is:test"])].join(" ");
}

function isTesting(one: Clause): boolean {
  return one.key === "is" && one.value === "test";
}
