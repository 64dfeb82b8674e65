import type { ReactNode } from "react";
import type { Graph, GraphNode } from "~/api/types";
import { shapeOf, toneOf } from "~/components/Status";
import { layOutGraph, NODE, type Drawn, type Placed } from "./layers";

interface Props { of: Graph; at?: string | undefined; onPick?: (node: GraphNode) => void; note?: (node: GraphNode) => string }

/** What ran, what did not, and why. It reads as a list for whoever cannot see it. */
export function GraphView({ of, at, onPick, note }: Props): ReactNode {
  const layout = layOutGraph(of.nodes, of.edges);
  return (
    <div className="table-wrap" style={{ padding: 12 }} tabIndex={0} role="group" aria-label="Graph">
      <svg className="graph" width={layout.width} height={layout.height} role="group" aria-label={`Graph of ${of.nodes.length} nodes`}>
        {layout.edges.map((one) => <EdgeShape key={`${one.edge.from} ${one.edge.to} ${one.edge.label}`} of={one} />)}
        {layout.nodes.map((one) => <NodeShape key={one.node.key} of={one} at={at} onPick={onPick} note={note?.(one.node) ?? noteOf(one.node)} />)}
      </svg>
    </div>
  );
}

function noteOf(node: GraphNode): string {
  if (node.skipped_reason) return `skipped: ${node.skipped_reason}`;
  const runs = node.runs > 1 ? ` × ${node.runs}` : "";
  return node.status ? `${node.status}${runs}` : "not reached";
}

function NodeShape({ of: { node, x, y }, at, onPick, note }: { of: Placed; at: string | undefined; onPick: Props["onPick"]; note: string }): ReactNode {
  const pick = (): void => onPick?.(node);
  return (
    <g className="node" data-at={node.key === at} transform={`translate(${x} ${y})`} opacity={node.status || onPick === undefined ? 1 : 0.85} onClick={pick}>
      <rect width={NODE.width} height={NODE.height} rx="6" {...(onPick ? { role: "button", tabIndex: 0, "aria-pressed": node.key === at } : { role: "img" })} aria-label={`${node.label}, ${note}`} onKeyDown={(event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), pick())} strokeDasharray={onPick && (node.status === null || node.status === "skipped") ? "4 3" : undefined}>
        <title>{`${node.label} (${node.key}): ${note}`}</title>
      </rect>
      <g aria-hidden="true" className="marks">
      <rect x="0" y="8" width="3" height={NODE.height - 16} rx="1.5" style={{ fill: toneOf(node.status), stroke: "none" }} />
      {onPick && <svg x="12" y="7" width="14" height="14" viewBox="0 0 16 16" style={{ color: toneOf(node.status) }}>{shapeOf(node.status ?? "pending")}</svg>}
      <text x={onPick ? 32 : 12} y="18" fontWeight="500">{clip(node.label, 21)}</text>
      <text x="12" y="36" className="soft">{clip(note, 28)}</text>
      </g>
    </g>
  );
}

function EdgeShape({ of: { edge, points } }: { of: Drawn }): ReactNode {
  const [first, ...rest] = points;
  const last = points.at(-1);
  const before = points.at(-2);
  if (!first || !last || !before) return null;
  const path = rest.length === 1 ? curve(first, last) : `M${first} ${rest.map((point) => `L${point}`).join(" ")}`;
  const [dx, dy] = rest.length === 1 ? [0, 1] : [Math.sign(last[0] - before[0]), 0];
  const head = dy ? `M${last[0] - 4} ${last[1] - 6} L${last[0]} ${last[1]} L${last[0] + 4} ${last[1] - 6}` : `M${last[0] - dx * 6} ${last[1] - 4} L${last[0]} ${last[1]} L${last[0] - dx * 6} ${last[1] + 4}`;
  const spot = rest.length === 1 ? [(first[0] + last[0]) / 2, (first[1] + last[1]) / 2 + 4] : [before[0] + 4, (first[1] + last[1]) / 2];
  return (
    <g>
      <path className="edge" d={path} data-taken={edge.taken}><title>{`${edge.from} to ${edge.to}: ${edge.taken ? "taken" : "not taken"}${edge.why ? `, ${edge.why}` : ""}${edge.label ? `, ${edge.label}` : ""}`}</title></path>
      <path className="edge" d={head} data-taken={edge.taken} strokeDasharray="none" />
      {edge.label && <text className="soft" x={spot[0]} y={spot[1]} textAnchor={rest.length === 1 ? "middle" : "start"} stroke="var(--surface)" strokeWidth="4" paintOrder="stroke">{edge.label}</text>}
    </g>
  );
}

function curve(from: [number, number], to: [number, number]): string {
  const middle = (from[1] + to[1]) / 2;
  return `M${from} C${from[0]} ${middle} ${to[0]} ${middle} ${to}`;
}

function clip(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
