const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();

export const WORKERS = [
  { worker_id: "w-7f2a41", host: "render-1", pid: 4127, started_at: ago(86_400 * 3), heartbeat_at: ago(1), alive: true, owned_runs: 2, reaped_at: null, lease_seconds: 15, capabilities: { workflows: ["claim-intake", "site-monitor"], queues: ["browser"] } },
  { worker_id: "w-b08d93", host: "render-2", pid: 991, started_at: ago(3600 * 7), heartbeat_at: ago(2), alive: true, owned_runs: 1, reaped_at: null, lease_seconds: 15, capabilities: { workflows: ["appointment-booking"], queues: ["default"] } },
  { worker_id: "w-19cc02", host: "render-2", pid: 612, started_at: ago(86_400), heartbeat_at: ago(184), alive: false, owned_runs: 0, reaped_at: ago(150), lease_seconds: 15, capabilities: { queues: ["browser"] } },
];
export const QUEUE = [
  { queue: "default", ready: 4, waiting: 11, owned: 3, paused: 0, oldest_ready_at: ago(2), next_due_at: null },
  { queue: "browser", ready: 23, waiting: 2, owned: 2, paused: 1, oldest_ready_at: ago(47), next_due_at: ago(-600) },
];
export const PARTITIONS = Array.from({ length: 7 }, (_, index) => {
  const lower = new Date(Date.UTC(2026, 10 - index + 1, 1));
  const upper = new Date(Date.UTC(2026, 10 - index + 2, 1));
  const name = `user_workflow_run_${lower.toISOString().slice(0, 7).replace("-", "_")}`;
  return { name, lower: lower.toISOString(), upper: upper.toISOString(), rows_estimate: index === 0 ? 0 : 84_000 + index * 13_117, bytes: index === 0 ? 16_384 : 61_000_000 + index * 9_400_000, sealed: index > 2, runs_estimate: 9000, steps_estimate: 70_000, sealed_at: null, retired_at: null, due: null };
});
export const DOCTOR = [
  { finding: "The schema is the one that this code knows (fingerprint 9f31…)", severity: "ok", place: "schema_info", remedy: "" },
  { finding: "A transaction is open for 14 minutes: the live feed cannot pass it", severity: "bad", place: "pid 20114, application psql", remedy: "end it, or: select pg_terminate_backend(20114)" },
  { finding: "No partition is ready beyond four weeks", severity: "warn", place: "user_workflow_run", remedy: "mainstem db partitions --ahead 8" },
  { finding: "Row level security is forced on all 24 tables of tenants", severity: "ok", place: "mainstem", remedy: "" },
];

const WORK = ["inspect", "plan", "backup", "copy", "verify", "cutover"];
const work = (reached) => WORK.slice(0, reached).map((name, index) => ({ name, entered_at: ago((reached - index) * 5200 + 400), seconds: [4.1, 2.6, 311, 1284.2, 96.4, 3.1][index], attempts: index === 3 ? 2 : 1 }));
const DONE = [["planned", "plan adopted", {}], ["planned", "backup", { backup: { place: "tracing.backup", proved: true } }], ["expanded", "triggers and views", { triggers: 10, views: 5 }], ["copied", "copy", { rows: 1284551, seconds: 1284.2 }], ["verified", "proof", { compared: 10, seconds: 96.4 }], ["cut_over", "cut-over", { locked_ms: 41, waited_ms: 12 }]];
const journal = (reached) => DONE.slice(0, reached).map(([phase, what, facts], index) => ({ at: ago((reached - index) * 5200), phase, what, facts }));
const OLD = [["workflow_trace", "user_workflow_run", 184_220], ["workflow_trace_step", "user_workflow_run_step", 1_093_811], ["workflow_trace_event", "user_workflow_event", 6304], ["workflow_definition", "user_workflow", 41], ["workflow_config", "user_workflow_config", 175]];
const parity = (clean) => OLD.map(([table, target, rows], index) => ({ table, target, direction: "→", old_rows: rows, new_rows: rows - (clean || index !== 1 ? 0 : 3), digest: "-8123312:4422991", digest_equal: clean || index !== 1, checked_at: ago(220) }));
const life = (system, phase, reached, more) => ({ system, phase, next: `mainstem consolidate ${phase === "cut_over" ? "finish" : "verify"} ${system}`, is_held: false, began_at: ago(40_000), updated_at: ago(300), cut_over_at: phase === "cut_over" ? ago(21_000) : null, has_backup: true, phases: work(reached), journal: journal(reached), quarantine: [], ...more });
const back = (system, losses = []) => ({ possible: true, lossless: losses.length === 0, losses, changed_since: 12, command: `mainstem consolidate rollback ${system}` });

export const CONSOLIDATIONS = [
  life("tracing", "cut_over", 6, { parity: parity(true), drift: 0, readers: [{ name: "workflow_trace", reads_since_cutover: 14 }, { name: "workflow_trace_step", reads_since_cutover: 0 }], can_finish: false, why_not: "workflow_trace was read 14 times since cut-over: somebody still asks the old name", rollback: back("tracing"), quarantine: [{ table: "workflow_trace_step", reason: "its trace is gone", rows: 3 }] }),
  life("voice_agent", "copied", 4, { parity: parity(false), drift: 212, readers: [], can_finish: false, why_not: "it is not cut over yet: workflow_trace_step differs in 3 rows", rollback: back("voice_agent") }),
  life("scraper", "cut_over", 6, { parity: parity(true), drift: 0, readers: [{ name: "scrape_run", reads_since_cutover: 0 }], can_finish: true, why_not: null, rollback: back("scraper", [{ table: "scrape_run", column: "channel", why: "`sms` is no value of the old enum", rows: 2 }]) }),
];
