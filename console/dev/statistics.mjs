import { groupBy } from "./chance.mjs";
import { RUNS } from "./runs.mjs";
import { WORKFLOWS } from "./workflows.mjs";

const at = (sorted, share) => (sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] : null);
const spread = (values) => { const sorted = values.filter((ms) => ms !== null).sort((a, b) => a - b); return { p50_ms: at(sorted, 0.5), p95_ms: at(sorted, 0.95), p99_ms: at(sorted, 0.99) }; };
const number = (runs, ...status) => runs.filter((run) => status.includes(run.status)).length;
const rate = (good, bad) => (good + bad ? good / (good + bad) : null);

export function statistics(runs) {
  const completed = number(runs, "completed");
  const failed = number(runs, "failed", "timeout");
  const days = Array.from({ length: 14 }, (_, index) => {
    const wave = Math.round(30 + 18 * Math.sin(index * 1.3 + runs.length) + (index % 5) * 4);
    return { day: new Date(Date.now() - (13 - index) * 86_400_000).toISOString().slice(0, 10), completed: wave, failed: (index * runs.length) % 5 };
  });
  return { runs: runs.length, completed, failed, running: number(runs, "running", "waiting", "pending"), success_rate: rate(completed, failed), ...spread(runs.map((run) => run.duration_ms)), last_run_at: runs[0]?.started_at ?? null, sparkline: days };
}

export function histogram(runs, parts) {
  const times = runs.map((run) => Date.parse(run.started_at));
  const to = Date.now();
  const from = Math.min(to - 3_600_000, ...times);
  const step = Math.ceil((to - from) / parts / 1000) * 1000;
  const buckets = Array.from({ length: parts }, (_, index) => ({ at: new Date(from + index * step).toISOString(), completed: 0, failed: 0, cancelled: 0, timeout: 0, open: 0 }));
  runs.forEach((run, index) => {
    const bucket = buckets[Math.min(parts - 1, Math.floor((times[index] - from) / step))];
    bucket[run.status in bucket ? run.status : "open"] += 1;
  });
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString(), step_seconds: step / 1000, buckets };
}

export function channelsOf(runs) {
  return Object.entries(groupBy(runs, (run) => run.channel)).map(([channel, group]) => {
    const { sparkline, last_run_at, ...numbers } = statistics(group);
    return { channel, description: null, ...numbers };
  });
}

export function nodesOf(flow) {
  return flow.nodes.map((node) => {
    const steps = RUNS.filter((run) => run.workflow === flow.name).flatMap((run) => run.steps).filter((step) => step.node_key === node.key);
    const completed = number(steps, "completed");
    const failed = number(steps, "failed");
    return { node_id: node.id, key: node.key, label: node.label, type: node.type, description: null, metadata: {}, statistics: { steps: steps.length, completed, failed, skipped: 0, retries: steps.reduce((sum, step) => sum + step.retry_count, 0), success_rate: rate(completed, failed), ...spread(steps.map((step) => step.duration_ms)), last_step_at: RUNS[0].started_at, total_ms: steps.reduce((sum, step) => sum + (step.duration_ms ?? 0), 0) } };
  });
}

export function analytics(which, query) {
  if (which === "channels") return channelsOf(RUNS);
  if (which === "nodes") return WORKFLOWS.flatMap((flow) => nodesOf(flow).map(({ label, statistics }) => ({ workflow_id: flow.workflow_id, workflow: flow.name, node: label, ...statistics }))).sort((a, b) => b.p95_ms - a.p95_ms).slice(0, 8);
  if (which === "heatmap") return Array.from({ length: 168 }, (_, index) => { const weekday = Math.floor(index / 24); const hour = index % 24; const busy = Math.max(0, Math.sin(((hour - 6) / 24) * Math.PI * 2)) * (weekday < 5 ? 60 : 12); return { weekday, hour, runs: Math.round(busy + ((index * 7) % 9)), failed: (index * 13) % 37 === 0 ? 4 : 0, p95_ms: 2000 }; });
  if (which === "latency") return latency(query.get("by") ?? "workflow");
  const { runs, completed, failed, success_rate, p50_ms, p95_ms, p99_ms } = statistics(RUNS);
  return { since: RUNS.at(-1).started_at, before: RUNS[0].started_at, runs, completed, failed, cancelled: 22, running: 3, success_rate, p50_ms, p95_ms, p99_ms, workflows: 5, steps: 3120, retries: 61 };
}

function latency(by) {
  const row = (key, label, workflow, of) => ({ key, label, workflow, ended: of.length, failed: number(of, "failed", "timeout"), mean_ms: 1000, max_ms: 40_000, ...spread(of.map((one) => one.duration_ms)) });
  if (by === "node") return WORKFLOWS.flatMap((flow) => flow.nodes.map((node) => row(node.id, node.label, flow.name, RUNS.flatMap((run) => run.steps).filter((step) => step.node_id === node.id))));
  return Object.entries(groupBy(RUNS, (run) => run[by])).map(([key, group]) => row(key, key, by === "workflow" ? key : null, group));
}
