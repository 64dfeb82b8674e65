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
    const { runs: total, completed, failed, running, success_rate, p95_ms } = statistics(group);
    return { channel, runs: total, completed, failed, running, success_rate, p95_ms };
  });
}

export function nodesOf(flow) {
  return flow.nodes.map((node) => {
    const steps = RUNS.filter((run) => run.workflow === flow.name).flatMap((run) => run.steps).filter((step) => step.node_key === node.key);
    const completed = number(steps, "completed");
    const failed = number(steps, "failed");
    return { node_key: node.key, label: node.label, type: node.type, executions: steps.length, completed, failed, retries: steps.reduce((sum, step) => sum + step.retry_count, 0), success_rate: rate(completed, failed), ...spread(steps.map((step) => step.duration_ms)) };
  });
}

export function analytics(which, query) {
  if (which === "channels") return { channels: channelsOf(RUNS) };
  if (which === "nodes") return { nodes: WORKFLOWS.flatMap(nodesOf) };
  if (which === "heatmap") return { cells: Array.from({ length: 168 }, (_, index) => { const weekday = Math.floor(index / 24); const hour = index % 24; const busy = Math.max(0, Math.sin(((hour - 6) / 24) * Math.PI * 2)) * (weekday < 5 ? 60 : 12); return { weekday: weekday + 1, hour, runs: Math.round(busy + ((index * 7) % 9)), failed: (index * 13) % 37 === 0 ? 4 : 0 }; }) };
  if (which === "latency") return latency(query.get("by") ?? "workflow");
  const { runs, completed, failed, success_rate, p50_ms, p95_ms, p99_ms } = statistics(RUNS);
  return { runs, completed, failed, success_rate, p50_ms, p95_ms, p99_ms, retries: 61 };
}

function latency(by) {
  if (by === "node") return { by, rows: WORKFLOWS.flatMap((flow) => nodesOf(flow).map((node) => ({ key: `${flow.name} · ${node.node_key}`, runs: node.executions, p50_ms: node.p50_ms, p95_ms: node.p95_ms, p99_ms: node.p99_ms }))) };
  return { by, rows: Object.entries(groupBy(RUNS, (run) => run[by])).map(([key, group]) => ({ key, runs: group.length, ...spread(group.map((run) => run.duration_ms)) })) };
}
