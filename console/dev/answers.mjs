import { changesLike, KEYS, ME, MIGRATIONS } from "./access.mjs";
import { groupBy } from "./chance.mjs";
import { approvals, breakpoints, diff, draftOf, firings, limits, schedules, times } from "./engine.mjs";
import { FILTERS, matching } from "./filter.mjs";
import { paged } from "./pages.mjs";
import { RUNS, screenshot, summary, timeline } from "./runs.mjs";
import { CONSOLIDATIONS, DOCTOR, PARTITIONS, QUEUE, WORKERS } from "./system.mjs";
import { analytics, channelsOf, histogram, nodesOf, statistics } from "./statistics.mjs";
import { compare } from "./compare.mjs";
import { graphOf, WORKFLOWS } from "./workflows.mjs";

const counted = (runs, of) => Object.entries(groupBy(runs, of)).map(([value, group]) => ({ value, count: group.length })).sort((a, b) => b.count - a.count);
const found = (id) => RUNS.find((run) => run.run_id === id);
const bare = ({ flow, ...run }) => ({ ...run, steps: run.steps.map(({ attempt_began, attempt_ms, ...step }) => step) });
const CONFIGS = (flow) => ["workflow_channel", "workflow"].map((type, index) => ({
  config_id: `01990000-0000-7000-8000-00000000000${index}`, config_type: type, workflow_id: flow.workflow_id, workflow: flow.name, channel: index ? null : "voice", name: "default", version: 3 + index,
  config_data: index ? { model: "small-2", temperature: 0.1, limits: { pages: 40 } } : { language: "en", retries: 3 }, is_active: true, is_enabled: true, priority: 1, webhook_url: index ? null : "https://hooks.example/claims",
  created_at: RUNS[400].started_at, created_by: null, updated_at: RUNS[40].started_at, activated_at: RUNS[40].started_at, activated_by: null,
}));
const TRAIL = (id) => [40, 400].map((at, index) => ({ activation_id: `01990000-0000-7000-8000-0000000000a${index}`, config_id: id, version: 3 - index, name: "default", replaced_config_id: null, activated_at: RUNS[at].started_at, activated_by: index ? null : "01980000-0000-7000-8000-000000000007" }));
const defined = ({ nodes, edges }) => ({ source: "nodes", nodes: nodes.map(({ key, label, type }) => ({ key, label, type })), edges: edges.map((edge) => ({ origin: edge.from, target: edge.to, label: edge.label, condition: null })), graph_config: null });
const open = ({ run_id, workflow_id, workflow, status, channel, external_id, created_at, started_at }) => ({ run_id, workflow_id, workflow, status, channel, external_id, created_at, started_at });
const hours = (runs) => histogram(runs, 24).buckets.map(({ at, completed, failed, cancelled, timeout, open }) => ({ at, completed, failed: failed + timeout, cancelled, open }));
const LATEST = () => RUNS.filter((run) => ["running", "waiting"].includes(run.status));
const ATTENTION = () => [
  { kind: "failed_runs", severity: "warn", what: "selector `#claim-submit` was not found within 10 s on page \"New claim\"", workflow_id: RUNS[3].workflow_id, workflow: "claim-intake", count: 7, last_run_id: RUNS.find((run) => run.status === "failed").run_id, at: RUNS[3].ended_at, remedy: "mainstem runs list status:failed" },
  { kind: "silent_worker", severity: "bad", what: "render-2 (pid 612) has told nothing of itself for 3 minutes; its 2 runs were taken over", workflow_id: null, workflow: null, count: 1, last_run_id: null, at: RUNS[2].started_at, remedy: "mainstem worker" },
  { kind: "long_wait", severity: "warn", what: "waits for the signal `approval` longer than others did", workflow_id: RUNS[2].workflow_id, workflow: "claim-intake", count: 1, last_run_id: LATEST().at(-1)?.run_id ?? null, at: RUNS[2].started_at, remedy: "mainstem runs signal" },
];
const SCHEMA = { type: "object", required: ["document"], properties: { document: { type: "string", title: "Document", description: "Path in the bucket `in`" }, pages: { type: "integer", title: "Pages", minimum: 1, default: 3 }, urgent: { type: "boolean", title: "Urgent" }, received_from: { type: "string", title: "Received from", enum: ["web", "voice", "efax"] } } };

/** path → answer, null when there is nothing at that address. `query` is a URLSearchParams. */
export const GET = [
  [/^\/filters$/, () => FILTERS],
  [/^\/home$/, () => ({
    at: new Date().toISOString(), needs_attention: ATTENTION(), hours: hours(matching("started:>-24h")), channels: channelsOf(matching("started:>-24h")),
    running_now: { pending: 4, running: LATEST().filter((run) => run.status === "running").length, waiting: LATEST().filter((run) => run.status === "waiting").length, paused: 0, latest: LATEST().map(open) },
  })],
  [/^\/runs$/, (_, query) => {
    const from = Number(query.get("page_token") ?? 0);
    const all = matching(query.get("q"));
    const size = Number(query.get("page_size") ?? 50);
    return { runs: all.slice(from, from + size).map(summary), next: from + size < all.length ? String(from + size) : null, searched_back_to: null, sort: "-started" };
  }],
  [/^\/runs\/count$/, (_, query) => ({ value: matching(query.get("q")).length, relation: "eq" })],
  [/^\/runs\/facets$/, (_, query) => { const runs = matching(query.get("q")); return { status: counted(runs, (run) => run.status), workflow: counted(runs, (run) => run.workflow), channel: counted(runs, (run) => run.channel), counted: { value: runs.length, relation: "eq" } }; }],
  [/^\/runs\/histogram$/, (_, query) => histogram(matching(query.get("q")), 60)],
  [/^\/runs\/([\w-]+)$/, ([id]) => found(id) && bare(found(id))],
  [/^\/runs\/([\w-]+)\/timeline$/, ([id]) => found(id) && timeline(found(id))],
  [/^\/runs\/([\w-]+)\/graph$/, ([id]) => found(id) && graphOf(found(id).flow, found(id).steps)],
  [/^\/runs\/([\w-]+)\/compare$/, ([id], query) => found(id) && found(query.get("with")) && compare(found(id), found(query.get("with")))],
  [/^\/runs\/[\w-]+\/screenshots\/([\w.-]+)$/, ([name]) => ({ svg: screenshot(name) })],
  [/^\/approvals$/, (_, query) => paged("approvals", approvals(), query)],
  [/^\/schedules$/, (_, query) => paged("schedules", schedules(), query)],
  [/^\/schedules\/[\w-]+\/next$/, times],
  [/^\/schedules\/[\w-]+\/firings$/, (_, query) => paged("firings", firings(), query)],
  [/^\/schedules\/[\w-]+\/backfill$/, () => ({ count: 3 })],
  [/^\/breakpoints$/, (_, query) => paged("breakpoints", breakpoints(), query)],
  [/^\/queues$/, limits],
  [/^\/jump$/, (_, query) => { const id = query.get("id"); const run = RUNS.find((one) => [one.run_id, one.external_id, String(one.legacy_trace_id)].includes(id)); return run ? { kind: "run", run_id: run.run_id, step_id: null, by: "run" } : null; }],
  [/^\/workflows$/, (_, query) => paged("workflows", WORKFLOWS.map((flow) => workflow(flow)), query)],
  [/^\/workflows\/([\w-]+)$/, ([id]) => flowOf(id) && workflow(flowOf(id))],
  [/^\/workflows\/([\w-]+)\/nodes$/, ([id]) => nodesOf(flowOf(id))],
  [/^\/workflows\/([\w-]+)\/graph$/, ([id]) => defined(graphOf(flowOf(id), []))],
  [/^\/workflows\/([\w-]+)\/configs$/, ([id], query) => paged("configs", CONFIGS(flowOf(id)), query)],
  [/^\/configs\/([\w-]+)\/activations$/, ([id], query) => paged("activations", TRAIL(id), query)],
  [/^\/workflows\/([\w-]+)\/versions$/, (_, query) => paged("versions", [12, 11, 10].map((version, index) => ({ version, checksum: "9b1f0c", published_at: RUNS[index * 200].started_at, published_by: null, graph_config: null })), query)],
  [/^\/workflows\/([\w-]+)\/draft$/, ([id]) => flowOf(id) && draftOf(flowOf(id))],
  [/^\/workflows\/[\w-]+\/versions\/\d+\/diff$/, diff],
  [/^\/workflows\/([\w-]+)\/schema$/, () => SCHEMA],
  [/^\/analytics\/(summary|latency|heatmap|channels|nodes)$/, ([which], query) => analytics(which, query)],
  [/^\/consolidations$/, () => ({ consolidations: CONSOLIDATIONS, note: null })],
  [/^\/consolidations\/([\w-]+)$/, ([system]) => CONSOLIDATIONS.find((one) => one.system === system)],
  [/^\/workers$/, (_, query) => paged("workers", WORKERS, query)],
  [/^\/queue$/, () => ({ queues: QUEUE, awaited: [{ signal: "approval", runs: 12 }], cancel_requested: 0 })],
  [/^\/partitions$/, () => PARTITIONS],
  [/^\/channels$/, () => channelsOf(matching("started:>-24h"))],
  [/^\/me$/, () => ME],
  [/^\/keys$/, (_, query) => paged("keys", KEYS, query)],
  [/^\/audit$/, (_, query) => paged("changes", changesLike(query), query)],
  [/^\/migrations$/, () => ({ migrations: MIGRATIONS, note: null })],
  [/^\/doctor$/, () => DOCTOR],
];

const flowOf = (id) => WORKFLOWS.find((flow) => flow.workflow_id === id);
const workflow = (flow) => ({ workflow_id: flow.workflow_id, name: flow.name, description: flow.description, status: "active", version: 12, is_graph: true, created_at: RUNS[600].started_at, updated_at: RUNS[100].started_at, statistics: statistics(RUNS.filter((run) => run.workflow === flow.name)) });

export function answer(path, query) {
  for (const [pattern, make] of GET) {
    const match = pattern.exec(path);
    if (match) return make(match.slice(1), query) ?? null;
  }
  return null;
}
