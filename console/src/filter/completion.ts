import type { Facets, Filters as AllFilters } from "~/api/types";
import { clausesOf, quoted, type Clause } from "./clauses";

type Filters = Pick<AllFilters, "keys" | "documents">;

export interface Option { insert: string; label: string; help: string }
export interface Completion { from: number; to: number; options: Option[] }

const MOST = 9;
const NONE: Clause = { text: "", from: 0, to: 0, negated: false, key: null, value: "" };

/** What may stand where the caret is: a key, or after "key:" its operators and values. */
export function completion(q: string, caret: number, filters: Filters, facets?: Facets): Completion {
  const at = clausesOf(q).find((one) => one.from < caret && caret <= one.to) ?? { ...NONE, from: caret, to: caret };
  const sign = at.negated ? "-" : "";
  const options = at.key === null ? keys(at, sign, filters) : values(at, sign, filters, facets);
  return { from: at.from, to: at.to, options: options.filter((one) => one.insert !== at.text).slice(0, MOST) };
}

function keys(at: Clause, sign: string, filters: Filters): Option[] {
  const word = at.value.toLowerCase();
  const all = [...filters.keys, ...filters.documents];
  const starts = all.filter((one) => one.name.toLowerCase().startsWith(word));
  const holds = word ? all.filter((one) => !starts.includes(one) && one.name.toLowerCase().includes(word)) : [];
  return [...starts, ...holds].map((one) => {
    const label = one.name.endsWith(".") ? one.name : `${one.name}:`;
    return { insert: sign + label, label, help: `${one.says} – ${one.examples[0] ?? ""}` };
  });
}

function values(at: Clause, sign: string, filters: Filters, facets?: Facets): Option[] {
  const known = filters.keys.find((one) => one.name === at.key);
  const counted = facets?.[at.key as keyof Facets] ?? [];
  const listed = known?.choices.length ? known.choices : counted.map((one) => one.value);
  const number = new Map(counted.map((one) => [one.value, one.count]));
  const word = at.value.toLowerCase();
  const found = listed
    .filter((value) => value.toLowerCase().includes(word))
    .map((value) => ({ insert: `${sign}${at.key}:${quoted(value)}`, label: value, help: number.has(value) ? `${number.get(value)} runs` : "" }));
  const operators = at.value ? [] : (known?.operators ?? []).filter((one) => one !== "=" && one !== "..").map((one) => ({ insert: `${sign}${at.key}:${one}`, label: one, help: known?.takes ?? "" }));
  const examples = at.value || listed.length ? [] : (known?.examples ?? []).filter((one) => one.startsWith(`${at.key}:`)).map((one) => ({ insert: sign + one, label: one, help: known?.says ?? "" }));
  return [...found, ...examples, ...operators];
}

/** The filter with an option taken, and where the caret goes: after a key it stays, after a value a space follows. */
export function taken(q: string, completion: Completion, option: Option): { q: string; caret: number } {
  const open = /[:<>=.]$/.test(option.insert);
  const insert = open ? option.insert : `${option.insert} `;
  const after = q.slice(completion.to).replace(/^ /, "");
  return { q: q.slice(0, completion.from) + insert + after, caret: completion.from + insert.length };
}
