import type { GraphEdge, GraphNode } from "~/api/types";

export interface Placed { node: GraphNode; x: number; y: number }
export interface Drawn { edge: GraphEdge; points: [number, number][]; back: boolean }
export interface GraphLayout { nodes: Placed[]; edges: Drawn[]; width: number; height: number }

export const NODE = { width: 184, height: 46, across: 28, down: 36 };

/** Nodes in layers by their longest way from a start, ordered within a layer so that few edges cross. Loops are drawn back. */
export function layOutGraph(nodes: GraphNode[], edges: GraphEdge[]): GraphLayout {
  const back = backEdges(nodes, edges);
  const forward = edges.filter((edge) => !back.has(edge));
  const depth = depths(nodes, forward);
  const layers = ordered(nodes, forward, depth);
  const widest = Math.max(1, ...layers.map((layer) => layer.length));
  const width = widest * (NODE.width + NODE.across) + NODE.across;
  const spots = new Map<string, Placed>();
  layers.forEach((layer, level) => {
    const free = width - layer.length * (NODE.width + NODE.across) + NODE.across;
    layer.forEach((node, index) => spots.set(node.key, { node, x: free / 2 + index * (NODE.width + NODE.across), y: 8 + level * (NODE.height + NODE.down) }));
  });
  return { nodes: [...spots.values()], edges: edges.flatMap((edge) => drawn(edge, spots, back.has(edge), depth)), width: width + (hasLong(edges, depth) ? 148 : 0), height: layers.length * (NODE.height + NODE.down) };
}

function backEdges(nodes: GraphNode[], edges: GraphEdge[]): Set<GraphEdge> {
  const back = new Set<GraphEdge>();
  const state = new Map<string, "open" | "done">();
  const visit = (key: string): void => {
    state.set(key, "open");
    for (const edge of edges.filter((one) => one.from === key)) {
      if (state.get(edge.to) === "open") back.add(edge);
      else if (!state.has(edge.to)) visit(edge.to);
    }
    state.set(key, "done");
  };
  nodes.forEach((node) => state.has(node.key) || visit(node.key));
  return back;
}

function depths(nodes: GraphNode[], forward: GraphEdge[]): Map<string, number> {
  const depth = new Map(nodes.map((node) => [node.key, 0]));
  for (let round = 0; round < nodes.length; round += 1) {
    let moved = false;
    for (const { from, to } of forward) {
      const least = (depth.get(from) ?? 0) + 1;
      if (!depth.has(to) || (depth.get(to) ?? 0) >= least) continue;
      depth.set(to, least);
      moved = true;
    }
    if (!moved) break;
  }
  return depth;
}

function ordered(nodes: GraphNode[], forward: GraphEdge[], depth: Map<string, number>): GraphNode[][] {
  const layers: GraphNode[][] = [];
  for (const node of nodes) (layers[depth.get(node.key) ?? 0] ??= []).push(node);
  const rank = new Map<string, number>();
  layers.forEach((layer) => {
    const middle = (node: GraphNode): number => {
      const above = forward.filter((edge) => edge.to === node.key).map((edge) => rank.get(edge.from) ?? 0);
      return above.length ? above.reduce((sum, one) => sum + one, 0) / above.length : 0;
    };
    layer.sort((a, b) => middle(a) - middle(b));
    layer.forEach((node, index) => rank.set(node.key, index - (layer.length - 1) / 2));
  });
  return layers.filter(Boolean);
}

function hasLong(edges: GraphEdge[], depth: Map<string, number>): boolean {
  return edges.some((edge) => Math.abs((depth.get(edge.to) ?? 0) - (depth.get(edge.from) ?? 0)) > 1);
}

function drawn(edge: GraphEdge, spots: Map<string, Placed>, back: boolean, depth: Map<string, number>): Drawn[] {
  const from = spots.get(edge.from);
  const to = spots.get(edge.to);
  if (!from || !to) return [];
  const far = back || (depth.get(edge.to) ?? 0) - (depth.get(edge.from) ?? 0) > 1;
  if (!far) return [{ edge, back, points: [[from.x + NODE.width / 2, from.y + NODE.height], [to.x + NODE.width / 2, to.y]] }];
  const side = Math.max(from.x, to.x) + NODE.width;
  const lane = side + 10 + 10 * Math.min(6, Math.abs((depth.get(edge.to) ?? 0) - (depth.get(edge.from) ?? 0)));
  return [{ edge, back, points: [[from.x + NODE.width, from.y + NODE.height / 2], [lane, from.y + NODE.height / 2], [lane, to.y + NODE.height / 2], [to.x + NODE.width, to.y + NODE.height / 2]] }];
}
