// A little of the grammar: enough to develop the console against. The server has all of it.
import { RUNS } from "./runs.mjs";

export const FILTERS = {
  keys: [
    { key: "status", type: "word", operators: [":"], values: ["pending", "running", "waiting", "paused", "completed", "failed", "cancelled", "timeout"], example: "status:failed", help: "the state of the run" },
    { key: "workflow", type: "text", operators: [":"], example: "workflow:claim-*", help: "the workflow's name, * for any letters" },
    { key: "channel", type: "word", operators: [":"], example: "channel:voice", help: "web, voice, efax, or one of your own" },
    { key: "started", type: "time", operators: [":>", ":<"], example: "started:>-24h", help: "when it began: a date, a time, or how long ago" },
    { key: "duration", type: "duration", operators: [":>", ":<"], example: "duration:>30s", help: "how long it took" },
    { key: "external_id", type: "text", operators: [":"], example: "external_id:EF-20003", help: "your own id of it" },
    { key: "tag", type: "text", operators: [":"], example: "tag:priority", help: "a tag" },
    { key: "err", type: "words", operators: [":"], example: 'err:"timed out"', help: "words of the error" },
    { key: "node", type: "text", operators: [":"], example: "node:ocr", help: "a node that ran" },
    { key: "retries", type: "number", operators: [":>", ":<", ":"], example: "retries:>0", help: "how often steps were tried again" },
    { key: "version", type: "number", operators: [":"], example: "version:12", help: "the workflow's version" },
    { key: "ctx.", type: "json", operators: [":"], example: "ctx.patient.id:123", help: "a value in the context" },
    { key: "in.", type: "json", operators: [":"], example: "in.pages:>3", help: "a value in the input" },
    { key: "out.", type: "json", operators: [":"], example: "out.accepted:true", help: "a value in the output" },
  ],
  examples: ["status:failed channel:voice started:>-24h", "workflow:claim-intake retries:>0", 'err:"not found" duration:>10s'],
};

export function matching(q) {
  const words = [...(q ?? "").matchAll(/(?:[^\s"]|"[^"]*")+/g)].map((found) => found[0]);
  return words.reduce((runs, word) => runs.filter((run) => holds(run, word)), RUNS);
}

function holds(run, word) {
  if (word.startsWith("-") && word.length > 1) return !holds(run, word.slice(1));
  const [, key, raw] = /^([\w.]+):(.*)$/.exec(word) ?? [null, null, word];
  const value = raw.replaceAll('"', "");
  if (key === "started") return started(run, value);
  if (["status", "workflow", "channel", "external_id"].includes(key)) return new RegExp(`^${value.replaceAll("*", ".*")}$`).test(run[key] ?? "");
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
