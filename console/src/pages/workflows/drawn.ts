import type { Graph, Json } from "~/api/types";

type Word = { [key: string]: Json };

/** A graph as it is written, for the eye: nothing of it has run. */
export function drawnOf(graph: Json): Graph {
  const of = isObject(graph) ? graph : {};
  return {
    nodes: listed(of["nodes"]).map((node) => ({ key: text(node["key"]), label: text(node["label"]) || text(node["key"]), type: text(node["kind"]) || text(node["type"]) || null, status: null, runs: 0, steps: [], skipped_reason: null })),
    edges: listed(of["edges"]).map((edge) => ({ from: text(edge["from"]), to: text(edge["to"]), label: text(edge["label"]) || text(edge["condition"]) || (edge["on_error"] === true ? "on error" : null), taken: true })),
  };
}

const FIRST = ["name", "description", "key", "label", "type", "kind", "from", "to", "nodes", "edges"];

/** A graph as JSON that a person edits: what names a thing first, a node and a way on a line each. */
export function written(graph: Json): string {
  if (!isObject(graph)) return JSON.stringify(graph, null, 2);
  const lines = named(graph).map(([word, said]) => `  ${JSON.stringify(word)}: ${Array.isArray(said) && said.every(isObject) ? `[\n${said.map((one) => `    ${onLine(one)}`).join(",\n")}\n  ]` : JSON.stringify(said)}`);
  return `{\n${lines.join(",\n")}\n}`;
}

function onLine(of: Json): string {
  if (Array.isArray(of)) return `[${of.map(onLine).join(", ")}]`;
  return isObject(of) ? `{${named(of).map(([word, said]) => `${JSON.stringify(word)}: ${onLine(said)}`).join(", ")}}` : JSON.stringify(of);
}

function named(of: Word): [string, Json][] {
  const place = (word: string): number => (FIRST.includes(word) ? FIRST.indexOf(word) : FIRST.length);
  return Object.entries(of).sort(([a], [b]) => place(a) - place(b));
}

function listed(of: Json | undefined): Word[] {
  return Array.isArray(of) ? of.filter(isObject) : [];
}

function isObject(of: Json | undefined): of is Word {
  return of !== null && typeof of === "object" && !Array.isArray(of);
}

function text(of: Json | undefined): string {
  return typeof of === "string" ? of : "";
}
