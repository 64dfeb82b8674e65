import { groupBy } from "./chance.mjs";
import { FILTERS, matching } from "./filter.mjs";
import { RUNS, screenshot, summary, timeline } from "./runs.mjs";
import { CONSOLIDATIONS, DOCTOR, PARTITIONS, QUEUE, WORKERS } from "./system.mjs";
import { analytics, channelsOf, histogram, nodesOf, statistics } from "./statistics.mjs";
import { compare } from "./compare.mjs";
import { graphOf, WORKFLOWS } from "./workflows.mjs";

const counted = (runs, of) => Object.entries(groupBy(runs, of)).map(([value, group]) => ({ value, count: group.length })).sort((a, b) => b.count - a.count);
const found = (id) => RUNS.find((run) => run.run_id === id);
const bare = ({ flow, ...run }) => ({ ...run, steps: run.steps.map(({ attempt_began, attempt_ms, ...step }) => step) });
const CONFIGS = (flow) => ["webhook", "model"].map((type, index) => ({
  config_id: `01990000-0000-7000-8000-00000000000${index}`, config_type: type, name: `${type} of ${flow.name}`, channel: index ? "voice" : null, version: 3 + index, is_active: true, is_enabled: true, priority: 10,
  value: flow.nodes.length > 3 ? { webhook_url: "https://hooks.example/claims", retries: 3 } : { model: "small-2" }, updated_at: RUNS[40].started_at,
  activations: [{ activated_at: RUNS[40].started_at, activated_by: "mira@example.org", active: true }, { activated_at: RUNS[400].started_at, activated_by: "api key ms_live_4f…", active: false }],
}));
const SCHEMA = { type: "object", required: ["document"], properties: { document: { type: "string", title: "Document", description: "Path in the bucket `in`" }, pages: { type: "integer", title: "Pages", minimum: 1, default: 3 }, urgent: { type: "boolean", title: "Urgent" }, received_from: { type: "string", title: "Received from", enum: ["web", "voice", "efax"] } } };

/** path → answer, null when there is nothing at that address. `query` is a URLSearchParams. */
export const GET = [
  [/^\/filters$/, () => FILTERS],
  [/^\/home$/, () => ({
    attention: [
      { kind: "failing", severity: "error", text: "claim-intake fails at File in portal: selector #claim-submit was not found", count: 7, query: "status:failed workflow:claim-intake", run_id: null },
      { kind: "worker", severity: "warning", text: "Worker w-19cc on render-2 has not been heard of for 3 minutes; its 2 runs were taken over", count: null, query: null, run_id: null },
      { kind: "waiting", severity: "warning", text: "1 run waits for a signal since more than a day", count: 1, query: "status:waiting", run_id: RUNS[2].run_id },
    ],
    last_day: histogram(matching("started:>-24h"), 48), channels: channelsOf(matching("started:>-24h")), running: RUNS.filter((run) => ["running", "waiting"].includes(run.status)).map(summary),
  })],
  [/^\/runs$/, (_, query) => {
    const from = Number(query.get("page_token") ?? 0);
    const all = matching(query.get("q"));
    const size = Number(query.get("page_size") ?? 50);
    return { runs: all.slice(from, from + size).map(summary), next: from + size < all.length ? String(from + size) : null, searched_back_to: null, sort: "-started" };
  }],
  [/^\/runs\/count$/, (_, query) => ({ value: matching(query.get("q")).length, relation: "eq" })],
  [/^\/runs\/facets$/, (_, query) => { const runs = matching(query.get("q")); return { status: counted(runs, (run) => run.status), workflow: counted(runs, (run) => run.workflow), channel: counted(runs, (run) => run.channel) }; }],
  [/^\/runs\/histogram$/, (_, query) => histogram(matching(query.get("q")), 60)],
  [/^\/runs\/([\w-]+)$/, ([id]) => found(id) && bare(found(id))],
  [/^\/runs\/([\w-]+)\/timeline$/, ([id]) => found(id) && timeline(found(id))],
  [/^\/runs\/([\w-]+)\/graph$/, ([id]) => found(id) && graphOf(found(id).flow, found(id).steps)],
  [/^\/runs\/([\w-]+)\/compare$/, ([id], query) => found(id) && found(query.get("with")) && compare(found(id), found(query.get("with")))],
  [/^\/runs\/[\w-]+\/screenshots\/([\w.-]+)$/, ([name]) => ({ svg: screenshot(name) })],
  [/^\/jump$/, (_, query) => { const id = query.get("id"); const run = RUNS.find((one) => [one.run_id, one.external_id, String(one.legacy_trace_id)].includes(id)); return { kind: run ? "run" : "unknown", run_id: run?.run_id ?? null, step_id: null }; }],
  [/^\/workflows$/, () => ({ workflows: WORKFLOWS.map((flow) => workflow(flow)), next: null })],
  [/^\/workflows\/([\w-]+)$/, ([id]) => flowOf(id) && workflow(flowOf(id))],
  [/^\/workflows\/([\w-]+)\/nodes$/, ([id]) => ({ nodes: nodesOf(flowOf(id)) })],
  [/^\/workflows\/([\w-]+)\/graph$/, ([id]) => graphOf(flowOf(id), [])],
  [/^\/workflows\/([\w-]+)\/configs$/, ([id]) => ({ configs: CONFIGS(flowOf(id)) })],
  [/^\/workflows\/([\w-]+)\/versions$/, () => ({ versions: [12, 11, 10].map((version, index) => ({ version, created_at: RUNS[index * 200].started_at, created_by: "mira@example.org", active: index === 0 })) })],
  [/^\/workflows\/([\w-]+)\/schema$/, () => SCHEMA],
  [/^\/analytics\/(summary|latency|heatmap|channels|nodes)$/, ([which], query) => analytics(which, query)],
  [/^\/consolidations$/, () => ({ consolidations: CONSOLIDATIONS })],
  [/^\/consolidations\/([\w-]+)$/, ([system]) => CONSOLIDATIONS.find((one) => one.system === system)],
  [/^\/workers$/, () => ({ workers: WORKERS })],
  [/^\/queue$/, () => ({ queues: QUEUE })],
  [/^\/partitions$/, () => ({ partitions: PARTITIONS })],
  [/^\/doctor$/, () => ({ findings: DOCTOR })],
];

const flowOf = (id) => WORKFLOWS.find((flow) => flow.workflow_id === id);
const workflow = (flow) => ({ workflow_id: flow.workflow_id, name: flow.name, description: flow.description, status: "active", version: 12, updated_at: RUNS[100].started_at, statistics: statistics(RUNS.filter((run) => run.workflow === flow.name)) });

export function answer(path, query) {
  for (const [pattern, make] of GET) {
    const match = pattern.exec(path);
    if (match) return make(match.slice(1), query) ?? null;
  }
  return null;
}
