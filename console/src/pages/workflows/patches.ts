import type { Json, PatchOperation } from "~/api/types";

export interface Change { what: "added" | "removed" | "changed"; name: string; parts: { at: string; op: string; value: Json | undefined }[] }
export interface GraphChanges { nodes: Change[]; edges: Change[]; other: Change[] }

/** A patch between two graphs, as their author sees it: by node, by way, and whatever else. */
export function changesOf(patch: PatchOperation[]): GraphChanges {
  const found: GraphChanges = { nodes: [], edges: [], other: [] };
  for (const one of patch) {
    const [root = "", name, ...rest] = one.path.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    const group = root === "nodes" || root === "edges" ? found[root] : found.other;
    const key = group === found.other ? root : (name ?? root);
    const inner = group === found.other ? [name, ...rest].filter((part) => part !== undefined) : rest;
    const known = group.find((change) => change.name === key);
    const whole = inner.length === 0 && one.op !== "replace";
    const change = known ?? { what: whole ? (one.op === "add" ? "added" : "removed") : "changed", name: key, parts: [] } as Change;
    change.parts.push({ at: inner.join("."), op: one.op, value: one.value });
    if (!known) group.push(change);
  }
  return found;
}

export function isSame(of: GraphChanges): boolean {
  return !of.nodes.length && !of.edges.length && !of.other.length;
}
