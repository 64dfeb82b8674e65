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

function listed(of: Json | undefined): Word[] {
  return Array.isArray(of) ? of.filter(isObject) : [];
}

function isObject(of: Json | undefined): of is Word {
  return of !== null && typeof of === "object" && !Array.isArray(of);
}

function text(of: Json | undefined): string {
  return typeof of === "string" ? of : "";
}
