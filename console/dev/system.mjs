const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();

export const WORKERS = [
  { worker_id: "w-7f2a41", host: "render-1", pid: 4127, started_at: ago(86_400 * 3), heartbeat_at: ago(1), alive: true, owned_runs: 2, capabilities: ["browser", "ocr"] },
  { worker_id: "w-b08d93", host: "render-2", pid: 991, started_at: ago(3600 * 7), heartbeat_at: ago(2), alive: true, owned_runs: 1, capabilities: ["agent"] },
  { worker_id: "w-19cc02", host: "render-2", pid: 612, started_at: ago(86_400), heartbeat_at: ago(184), alive: false, owned_runs: 0, capabilities: ["browser"] },
];
export const QUEUE = [
  { queue: "default", ready: 4, waiting: 11, owned: 3, paused: 0, oldest_ready_seconds: 2 },
  { queue: "browser", ready: 23, waiting: 2, owned: 2, paused: 1, oldest_ready_seconds: 47 },
];
export const PARTITIONS = Array.from({ length: 7 }, (_, index) => {
  const lower = new Date(Date.UTC(2026, 10 - index + 1, 1));
  const upper = new Date(Date.UTC(2026, 10 - index + 2, 1));
  const name = `user_workflow_run_${lower.toISOString().slice(0, 7).replace("-", "_")}`;
  return { name, lower: lower.toISOString(), upper: upper.toISOString(), rows_estimate: index === 0 ? 0 : 84_000 + index * 13_117, bytes: index === 0 ? 16_384 : 61_000_000 + index * 9_400_000, sealed: index > 2 };
});
export const DOCTOR = [
  { finding: "The schema is the one that this code knows (fingerprint 9f31…)", severity: "ok", place: "schema_info", remedy: null },
  { finding: "A transaction is open for 14 minutes: the live feed cannot pass it", severity: "warning", place: "pid 20114, application psql", remedy: "end it, or: select pg_terminate_backend(20114)" },
  { finding: "No partition is ready beyond four weeks", severity: "notice", place: "user_workflow_run", remedy: "mainstem db partitions --ahead 8" },
  { finding: "Row level security is forced on all 24 tables of tenants", severity: "ok", place: "mainstem", remedy: null },
];

const PHASES = ["inspect", "plan", "lint", "backup", "copy", "verify", "cutover", "soak", "finish"];
const phases = (reached) => PHASES.map((name, index) => ({ name, entered_at: index <= reached ? ago((reached - index) * 5200 + 400) : null, seconds: index < reached ? 40 + index * 311 : null, facts: name === "copy" ? { rows: 1_284_551, rows_per_second: 41_200 } : name === "cutover" ? { locked_ms: 38 } : {} }));
const parity = (clean) => ["workflow_trace", "workflow_trace_step", "workflow_trace_event", "workflow_definition", "workflow_config"].map((table, index) => ({ table, target: ["user_workflow_run", "user_workflow_run_step", "user_workflow_event", "user_workflow", "user_workflow_config"][index], old_rows: [184_220, 1_093_811, 6304, 41, 175][index], new_rows: [184_220, 1_093_811 - (clean ? 0 : 3), 6304, 41, 175][index], digest_equal: clean || index !== 1, checked_at: ago(220) }));

export const CONSOLIDATIONS = [
  { system: "tracing", phase: "soak", phases: phases(7), parity: parity(true), drift: 0, readers: [{ name: "nightly_report (role reporting)", reads_since_cutover: 14 }, { name: "grafana (role metrics)", reads_since_cutover: 0 }], can_finish: false, why_not: "nightly_report still reads workflow_trace: 14 reads since cut-over, the last 6 hours ago", rollback: { possible: true, lossless: true, losses: [] } },
  { system: "voice_agent", phase: "verify", phases: phases(5), parity: parity(false), drift: 212, readers: [], can_finish: false, why_not: "it is not cut over yet: workflow_trace_step differs in 3 rows", rollback: { possible: true, lossless: true, losses: [] } },
  { system: "scraper", phase: "soak", phases: phases(7), parity: parity(true), drift: 0, readers: [{ name: "etl (role etl)", reads_since_cutover: 0 }], can_finish: true, why_not: null, rollback: { possible: true, lossless: false, losses: ["2 runs have channel `sms`, which the old enum does not know"] } },
];
