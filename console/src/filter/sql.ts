import { clausesOf, type Clause } from "./clauses";

const TIMES = new Set(["created", "started", "ended"]);
const COLUMNS: Record<string, string> = { status: "r.status", channel: "r.channel", workflow: "w.name", ext: "r.external_id", driver: "r.driver", version: "r.workflow_version" };

/** The list as a person would ask the database for it. What only the server's search can do is named in a comment. */
export function sqlOfRuns(q: string): string {
  const clauses = clausesOf(q);
  const where = clauses.map(condition).filter((one) => one !== null);
  const left = clauses.filter((one) => condition(one) === null);
  return [
    "select r.run_id, w.name as workflow, r.status, r.channel, r.external_id, r.started_at, r.duration_ms, r.error_message",
    "  from mainstem.user_workflow_run r",
    "  join mainstem.user_workflow w using (workflow_id)",
    ...(where.length ? [` where ${where.join("\n   and ")}`] : []),
    ...left.map((one) => `   -- ${one.text}: ask the API, which searches it by index`),
    " order by r.created_at desc, r.run_id desc",
    " limit 50;",
  ].join("\n");
}

function condition(one: Clause): string | null {
  const not = one.negated ? "not " : "";
  const age = /^([<>]=?)-(\d+)([smhd])$/.exec(one.value);
  if (TIMES.has(one.key ?? "") && age) return `${not}r.${one.key}_at ${age[1]} now() - interval '${age[2]} ${UNITS[age[3] as keyof typeof UNITS]}'`;
  const since = /^([<>]=?)(.+)$/.exec(one.value);
  if (TIMES.has(one.key ?? "") && since) return `${not}r.${one.key}_at ${since[1]} ${literal(since[2] ?? "")}`;
  const column = one.key ? COLUMNS[one.key] : undefined;
  if (!column || since) return null;
  if (one.value.includes(",")) return `${column} ${not}in (${one.value.split(",").map(literal).join(", ")})`;
  return one.value.includes("*") ? `${not}${column} like ${literal(one.value.replaceAll("*", "%"))}` : `${not}${column} = ${literal(one.value)}`;
}

const UNITS = { s: "seconds", m: "minutes", h: "hours", d: "days" };

export function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
