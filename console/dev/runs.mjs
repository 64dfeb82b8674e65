import { chance, uuid } from "./chance.mjs";
import { ERRORS, WORKFLOWS } from "./workflows.mjs";

const random = chance(42);
const START = Date.now();
const iso = (at) => new Date(at).toISOString();
const weighted = WORKFLOWS.flatMap((flow) => Array(flow.weight).fill(flow));
const NAMES = ["Meridian Dental", "Oakridge Clinic", "Harbor Imaging", "Northgate Family"];

const ACTIONS = [["goto", "", 0.99], ["fill", "#member-id", 0.98], ["fill", "#amount", 0.97], ["click", "#attach", 0.94], ["click", "#claim-submit", 0.41]];

// Busy by day, quiet by night.
function spaced(index) {
  return index * 131_000 + Math.round(3_400_000 * Math.sin(index / 34)) + Math.round(900_000 * Math.sin(index / 7)) + (index < 6 ? 0 : 1_000_000);
}

/** The newest first; the newest few still run. */
export const RUNS = Array.from({ length: 640 }, (_, index) => make(index, START - spaced(index) - random.int(0, 40_000))).sort((a, b) => b.started_at.localeCompare(a.started_at));

export function make(index, began, status) {
  const flow = index === 3 ? WORKFLOWS[0] : random.pick(weighted);
  const channel = random.pick(flow.channels);
  const fate = status ?? (index < 4 ? ["running", "running", "waiting", "failed"][index] : outcome());
  const run_id = uuid(random, began);
  const claim = { confidence: 0.9 + random.int(0, 9) / 100, amount: random.int(40, 2400) + 0.5, practice: random.pick(NAMES) };
  const steps = stepsOf({ flow, run_id, began, fate, claim, index });
  const end = steps.at(-1);
  const over = ["completed", "failed", "cancelled", "timeout"].includes(fate);
  const ended = over ? Date.parse(end.ended_at ?? iso(began)) + 20 : null;
  return {
    run_id, workflow_id: flow.workflow_id, workflow: flow.name, status: fate, channel, flow,
    external_id: random.next() < 0.6 ? `${channel.slice(0, 2).toUpperCase()}-${20_000 + index}` : null,
    driver: "engine", workflow_version: random.next() < 0.8 ? 12 : 11, created_at: iso(began - 700), started_at: iso(began),
    ended_at: ended && iso(ended), duration_ms: ended && ended - began, error_message: end.error_message,
    tags: random.next() < 0.2 ? ["priority"] : [], legacy_trace_id: index > 500 ? 48_000 - index : null,
    context: { practice: claim.practice, patient: { id: 100 + (index % 40), name: "A. Example" }, confidence: claim.confidence },
    config_snapshot: { webhook: { webhook_url: "https://hooks.example/claims", retries: 3 }, model: { name: "small-2", temperature: 0.1 + (index % 3) / 10 }, limits: { pages: 40 } },
    input_data: { document: `in/${20_000 + index}.pdf`, pages: 3 + (index % 5), received_from: channel },
    output_data: fate === "completed" ? { claim: `C-${90_000 + index}`, amount: claim.amount, accepted: claim.amount < 2000 } : null,
    error_details: end.error_details, events: runEvents(began, ended, fate), steps, created_by: null, updated_at: iso(ended ?? START),
    forked_from: null, parent_step_id: null, priority: 0, is_test: false, metadata: {},
  };
}

function outcome() {
  const roll = random.next();
  return roll < 0.86 ? "completed" : roll < 0.94 ? "failed" : roll < 0.97 ? "cancelled" : "timeout";
}

function stepsOf({ flow, run_id, began, fate, claim, index }) {
  const skips = flow.name === "claim-intake" && claim.confidence >= 0.93 && fate !== "waiting" ? new Set(["human_review"]) : new Set();
  const path = flow.nodes.filter((one) => !skips.has(one.key));
  const length = fate === "completed" ? path.length : Math.max(2, index === 3 ? 6 : random.int(2, path.length));
  let at = began + random.int(40, 300);
  return path.slice(0, length).map((node, position) => {
    const last = position === length - 1;
    const status = !last || fate === "completed" ? "completed" : { failed: "failed", timeout: "failed", cancelled: "cancelled", running: "running", waiting: "waiting" }[fate];
    const ms = Math.round(node.ms * (0.5 + random.next() * 1.4));
    const retries = status === "failed" ? 2 : random.next() < node.fails * 2 ? 1 : 0;
    const step = one({ run_id, node, number: position + 1, status, ms, at, retries, claim });
    at += ms * (retries + 1) + retries * 700 + random.int(8, 160);
    return step;
  });
}

function one({ run_id, node, number, status, ms, at, retries, claim }) {
  const message = ERRORS[node.type] ?? ERRORS.http;
  const first = at + retries * (ms + 700);
  const over = ["completed", "failed", "cancelled"].includes(status);
  const failed = status === "failed";
  return {
    step_id: uuid(random, at), run_id, step_number: number, node_id: node.id, node_key: node.key, iteration: 0, status, retry_count: retries,
    attempt_began: at, attempt_ms: ms, started_at: iso(first), ended_at: over ? iso(first + ms) : null, duration_ms: over ? ms : null,
    input_data: { document: "in/20003.pdf", practice: claim.practice, attempt: retries + 1 },
    output_data: status === "completed" ? outputOf(node, claim) : null,
    screenshots: node.type === "browser" ? shots(run_id, number, at, ms * (retries + 1), failed) : [],
    events: [...Array.from({ length: retries }, (_, n) => retried(n, message, at + n * (ms + 700), ms)), event("log", first + ms * 0.4, { level: "info", text: `${node.label} under way` })],
    error_message: failed ? message : null, error_details: failed ? { type: "StepFailed", node: node.key, attempts: retries + 1, trace: ["file_claim()", "submit()"] } : null,
    metadata: { worker: "w-7f2a", ...(node.type === "agent" ? { usage: [{ model: "small-2", calls: 1, tokens_in: 1610, tokens_out: 224, cost: 0.0021 }] } : {}) },
  };
}

function outputOf(node, claim) {
  if (["browser", "connector"].includes(node.type)) return { confirmation: `CF-${Math.round(claim.amount * 8)}`, amount: claim.amount };
  return { kind: node.type, fields: { code: "D1110", units: 1 } };
}

function event(event_type, at, event_data) { return { event_id: uuid(random, at), event_type, event_data, timestamp: iso(at) }; }
function retried(n, message, at, ms) { return event("step_retried", at + ms, { retry_count: n, error_message: message, error_details: null, output_data: { partial: true, confidence: 0.5 + n / 10 }, started_at: iso(at), ended_at: iso(at + ms) }); }
function runEvents(began, ended, fate) { return [event("run_created", began - 700, { by: "api key ms_live_4f…" }), event("run_started", began, { worker: "w-7f2a" }), ...(ended ? [event(`run_${fate}`, ended, {})] : [])]; }

function shots(run_id, number, at, ms, failed) {
  return ACTIONS.map(([action, selector, confidence], index) => ({
    url: `api/v1/runs/${run_id}/screenshots/${number}-${index}.svg`, thumbnail_url: `api/v1/runs/${run_id}/screenshots/${number}-${index}.svg`,
    timestamp: iso(at + (ms * (index + 1)) / (ACTIONS.length + 1)), action, selector, element_found: !(failed && index === ACTIONS.length - 1), confidence: failed ? confidence : 0.98,
  }));
}

export function summary(run) {
  const { flow, context, config_snapshot, input_data, output_data, error_details, events, steps, created_by, updated_at, forked_from, parent_step_id, priority, metadata, ...rest } = run;
  const number = (status) => steps.filter((step) => step.status === status).length;
  return { ...rest, steps: { total: Math.max(steps.length, run.status === "completed" ? steps.length : flow.nodes.length), completed: number("completed"), failed: number("failed"), running: number("running") }, retries: steps.reduce((sum, step) => sum + step.retry_count, 0) };
}

export function timeline(run) {
  const spans = [{ step_number: 0, node_key: null, kind: "queue", began: run.created_at, ended: run.started_at, status: "completed", attempt: 1 }, { step_number: 0, node_key: null, kind: "run", began: run.started_at, ended: run.ended_at, status: run.status, attempt: 1 }];
  for (const step of run.steps) {
    const tries = step.retry_count + 1;
    for (let n = 0; n < tries; n += 1) {
      const began = step.attempt_began + n * (step.attempt_ms + 700);
      const last = n === tries - 1;
      const kind = step.node_key === "human_review" ? "wait" : last ? "step" : "attempt";
      spans.push({ step_number: step.step_number, node_key: step.node_key, kind, began: iso(began), ended: last ? step.ended_at : iso(began + step.attempt_ms), status: last ? step.status : "failed", attempt: n + 1 });
      if (!last) spans.push({ step_number: step.step_number, node_key: step.node_key, kind: "wait", began: iso(began + step.attempt_ms), ended: iso(began + step.attempt_ms + 700), status: "waiting", attempt: n + 1 });
    }
  }
  return { run_id: run.run_id, started_at: run.started_at, ended_at: run.ended_at, spans };
}

export function screenshot(name) {
  const shot = Number(name.split("-")[1]?.[0] ?? 0);
  const field = (y, label, value, on) => `<text x="40" y="${y}" font-size="13" fill="#667">${label}</text><rect x="40" y="${y + 8}" width="260" height="30" rx="4" fill="#fff" stroke="${on ? "#2b6cb0" : "#ccd"}"/><text x="50" y="${y + 28}" font-size="13">${value}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 400" font-family="Arial"><rect width="640" height="400" fill="#f4f6f9"/><rect width="640" height="44" fill="#1d3557"/><text x="24" y="28" fill="#fff" font-size="16">Payer portal</text><text x="40" y="80" font-size="20">New claim</text>${field(110, "Member id", shot > 0 ? "MB-10044" : "", shot === 1)}${field(180, "Amount", shot > 1 ? "418.50" : "", shot === 2)}${field(250, "Attachment", shot > 2 ? "20003.pdf" : "", shot === 3)}<rect x="40" y="326" width="120" height="36" rx="4" fill="${shot === 4 ? "#c0392b" : "#2b6cb0"}"/><text x="68" y="349" fill="#fff" font-size="14">Submit</text></svg>`;
}
