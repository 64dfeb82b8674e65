// A little of the grammar: enough to develop the console against. The server has all of it.
import { RUNS } from "./runs.mjs";

const key = (name, kind, takes, says, examples, choices = []) => ({ name, kind, takes, says, operators: ["time", "duration", "number", "json"].includes(kind) ? ["=", ">", ">=", "<", "<=", ".."] : ["="], choices, examples });

export const FILTERS = {
  keys: [
    key("status", "choice", "one of a list", "the run's state", ["status:failed", "status:failed,timeout"], ["pending", "running", "waiting", "paused", "completed", "failed", "cancelled", "timeout"]),
    key("workflow", "text", "a text; `*` stands for anything", "the workflow's name", ["workflow:claim*"]),
    key("channel", "text", "a text", "where it came from", ["channel:voice", "channel:voice,efax"]),
    key("version", "number", "a whole number", "the workflow's version that it began with", ["version:3"]),
    key("ext", "text", "a text", "the caller's own id for it", ["ext:ABC-*"]),
    key("tag", "text", "a text", "a tag that it has", ["tag:vip"]),
    key("err", "wording", "a part of a text, in any case", "a part of its error's message", ["err:timeout"]),
    key("node", "text", "a text", "a step of it: the node's key, or its label", ["node:ocr"]),
    key("created", "time", "a time, or -24h for 24 hours ago", "when it was begun by its caller", ["created:>-24h"]),
    key("started", "time", "a time, or -24h for 24 hours ago", "when it was first worked on", ["started:>-24h"]),
    key("duration", "duration", "a duration: 500ms, 30s, 5m", "from start to end", ["duration:>30s", "duration:1m..5m"]),
    key("retries", "number", "a whole number", "how often its steps were tried again, in all", ["retries:>0"]),
    key("is", "choice", "one of a list", "what it is", ["is:open"], ["open", "over", "test", "child", "fork"]),
    key("has", "choice", "one of a list", "what it has", ["has:screenshots"], ["error", "output", "screenshots", "tags", "retries"]),
  ],
  documents: [
    key("ctx.", "json", "a JSON value", "a place in its context", ["ctx.patient.id:123"]),
    key("in.", "json", "a JSON value", "a place in its input", ["in.order.total:>100"]),
    key("out.", "json", "a JSON value", "a place in its output", ["out.score:0.5..0.9"]),
  ],
  rules: ["Terms stand side by side, and all of them hold."],
  examples: ["status:failed,timeout channel:voice started:>-24h", "workflow:claim-intake retries:>0"],
  sorts: ["-created", "created", "-started", "started", "-duration", "duration"],
};

export function matching(q) {
  const words = [...(q ?? "").matchAll(/(?:[^\s"]|"[^"]*")+/g)].map((found) => found[0]);
  return words.reduce((runs, word) => runs.filter((run) => holds(run, word)), RUNS);
}

function holds(run, word) {
  if (word.startsWith("-") && word.length > 1) return !holds(run, word.slice(1));
  const [, key, raw] = /^([\w.]+):(.*)$/.exec(word) ?? [null, null, word];
  const value = raw.replaceAll('"', "");
  if (["created", "started"].includes(key)) return started(run, value);
  if (["status", "workflow", "channel", "ext"].includes(key)) return value.split(",").some((one) => new RegExp(`^${one.replaceAll("*", ".*")}$`).test(run[key === "ext" ? "external_id" : key] ?? ""));
  if (key === "tag") return run.tags.includes(value);
  if (key === "node") return run.steps.some((step) => step.node_key === value);
  return JSON.stringify([run.error_message, run.external_id, run.workflow, run.run_id]).toLowerCase().includes(value.toLowerCase());
}

const UNIT = { s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7 };
function started(run, value) {
  const [, sign, rest] = /^([<>]=?)?(.*)$/.exec(value);
  const age = /^-(\d+)([smhd])$/.exec(rest);
  const at = age ? Date.now() - Number(age[1]) * UNIT[age[2]] : Date.parse(rest);
  return sign?.startsWith("<") ? Date.parse(run.started_at) < at : Date.parse(run.started_at) >= at;
}
