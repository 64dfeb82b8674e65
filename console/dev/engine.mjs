import { RUNS } from "./runs.mjs";

const FORM = { type: "object", required: ["approved", "amount"], properties: { amount: { type: "integer", title: "Amount to pay", description: "In whole dollars", minimum: 0, maximum: 1000 }, approved: { type: "boolean", title: "Approved" }, way: { type: "string", title: "Way", enum: ["transfer", "cheque"], default: "transfer" } } };
const ahead = (hours) => new Date(Date.now() + hours * 3_600_000).toISOString();

/** What three runs that are open wait for. */
export const approvals = () => RUNS.filter((run) => ["running", "waiting"].includes(run.status)).slice(0, 3).map((run, index) => ({
  step_id: run.steps.at(-1)?.step_id ?? run.run_id, run_id: run.run_id, workflow: run.workflow, external_id: run.external_id,
  name: ["supervisor", "second reading", "supervisor"][index], assignee: ["ann", null, "bob"][index], form: index === 1 ? null : FORM, asked_at: run.started_at, due_at: index === 1 ? null : ahead(50 + index),
}));

const SCHEDULES = [
  { name: "morning report", cron: "0 6 * * mon-fri", every: null, zone: "Europe/Berlin", overlap: "skip", missed: "once", is_paused: false, hours: 15 },
  { name: "portal check", cron: null, every: "PT15M", zone: "UTC", overlap: "queue", missed: "skip", is_paused: false, hours: 0.2 },
  { name: "month end", cron: "30 2 L * *", every: null, zone: "Europe/Berlin", overlap: "cancel", missed: "all", is_paused: true, hours: 200 },
];
export const schedules = () => SCHEDULES.map(({ hours, ...one }, index) => ({
  schedule_id: `01990000-0000-7000-8000-00000000005${index}`, workflow_id: RUNS[index].workflow_id, workflow: RUNS[index].workflow, at: null, input: index ? {} : { office: "north" }, time_argument: index ? null : "scheduled_for",
  channel: "web", version: 12, queue: "default", priority: 0, window: "P1D", next_at: ahead(hours), last_at: RUNS[20 + index].started_at, last_run_id: RUNS[20 + index].run_id, created_at: RUNS[500].started_at, updated_at: RUNS[100].started_at, now: ahead(0), ...one,
}));
export const firings = () => RUNS.slice(20, 26).map((run, index) => ({ scheduled_for: run.started_at, outcome: index === 2 ? "skipped" : "started", reason: index === 2 ? "the run before was not over" : null, ticks: 1, run_id: index === 2 ? null : run.run_id, fired_at: run.started_at }));
export const times = () => ({ times: [15, 39, 63, 87, 111].map(ahead) });

const breakpoint = (index, of) => ({ breakpoint_id: `01990000-0000-7000-8000-00000000006${index}`, workflow: null, run_id: null, condition: null, one_shot: false, is_enabled: true, hits: 0, last_hit_at: null, created_at: RUNS[30].started_at, created_by: "ann", ...of });
export const breakpoints = () => [
  breakpoint(0, { workflow: "claim-intake", node_key: "file_claim", condition: "input.amount > 1000 and call = 1", hits: 4, last_hit_at: RUNS[3].started_at }),
  breakpoint(1, { workflow: "claim-intake", node_key: null, is_enabled: false }),
  breakpoint(2, { run_id: RUNS[2].run_id, node_key: "notify", one_shot: true }),
];

export const limits = () => [
  { queue: "default", max_running: null, per_key_running: null, rate_count: null, rate_per: null, paused_at: RUNS[2].started_at, updated_at: RUNS[2].started_at },
  { queue: "scans", max_running: 20, per_key_running: 2, rate_count: 100, rate_per: "PT1M", paused_at: null, updated_at: RUNS[50].started_at },
];

export const draftOf = (flow) => ({ workflow_id: flow.workflow_id, workflow: flow.name, revision: 14, active_version: 12, is_draft: true, saved_at: RUNS[3].started_at, graph_config: { name: flow.name, nodes: [{ key: "receive", type: "entry" }, { key: "size", type: "decision" }, { key: "human_review", kind: "approval" }, { key: "file_claim", type: "outcome" }], edges: [{ from: "receive", to: "size" }, { from: "size", to: "human_review", condition: "input.amount > `1000`", label: "large" }, { from: "size", to: "file_claim", label: "small" }, { from: "human_review", to: "file_claim" }] } });
export const diff = () => [{ op: "add", path: "/nodes/human_review", value: { kind: "approval" } }, { op: "remove", path: "/nodes/classify" }, { op: "replace", path: "/nodes/receive/timeout", value: "30s" }, { op: "add", path: "/edges/size to human_review large", value: { from: "size", to: "human_review" } }];
