import type { ReactNode } from "react";
import { count, duration } from "~/api/formats";
import type { Latency } from "~/api/types";
import { Table } from "~/components/Table";
import { useWidth } from "./measured";

const ROW = 30;
const TOP = 22;

/** Half of the runs, nineteen of twenty, ninety-nine of a hundred: on one logarithmic axis, since they differ by powers. */
export function LatencyChart({ of }: { of: Latency[] }): ReactNode {
  const [place, width] = useWidth<HTMLDivElement>();
  const left = width < 560 ? 128 : 248;
  const known = of.flatMap((row) => [row.p50_ms, row.p99_ms]).filter((ms) => ms !== null && ms > 0) as number[];
  const low = Math.log10(Math.max(1, Math.min(...known)) * 0.8);
  const high = Math.log10(Math.max(...known, 10) * 1.25);
  const x = (ms: number): number => left + ((Math.log10(Math.max(1, ms)) - low) / (high - low)) * (width - left - 16);
  return (
    <div ref={place}>
      <svg className="chart" width={width} height={TOP + of.length * ROW} role="img" aria-label={`Latency of ${of.length} rows; the table says the numbers`}>
        {marks(low, high).map((ms) => (
          <g key={ms}><line x1={x(ms)} x2={x(ms)} y1={TOP - 4} y2={TOP + of.length * ROW} stroke="var(--line)" /><text x={x(ms)} y="12" textAnchor="middle">{duration(ms)}</text></g>
        ))}
        {of.map((row, index) => <Row key={row.key} row={row} y={TOP + index * ROW + ROW / 2} x={x} most={left > 200 ? 34 : 16} />)}
      </svg>
    </div>
  );
}

function Row({ row, y, x, most }: { row: Latency; y: number; x: (ms: number) => number; most: number }): ReactNode {
  const name = nameOf(row).length > most ? `${nameOf(row).slice(0, most - 1)}…` : nameOf(row);
  return (
    <g>
      <title>{`${nameOf(row)}: p50 ${duration(row.p50_ms)}, p95 ${duration(row.p95_ms)}, p99 ${duration(row.p99_ms)}, ${count(row.ended)} ended`}</title>
      <text x="0" y={y + 4} style={{ fill: "var(--ink)", fontSize: 12 }}>{name}</text>
      {row.p50_ms !== null && row.p99_ms !== null && (
        <>
          <line x1={x(row.p50_ms)} x2={x(row.p99_ms)} y1={y} y2={y} stroke="var(--line-strong)" strokeWidth="2" />
          <circle cx={x(row.p50_ms)} cy={y} r="5" fill="var(--accent)" />
          {row.p95_ms !== null && <rect x={x(row.p95_ms) - 4} y={y - 4} width="8" height="8" fill="var(--waiting)" />}
          <path d={`M${x(row.p99_ms)} ${y - 6} l5 10 h-10 z`} fill="var(--failed)" />
        </>
      )}
    </g>
  );
}

export function nameOf(row: Latency): string {
  return row.workflow && row.workflow !== row.label ? `${row.workflow} · ${row.label}` : row.label;
}

function marks(low: number, high: number): number[] {
  const powers = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, index) => 10 ** (Math.floor(low) + index));
  const all = high - low < 2 ? powers.flatMap((power) => [power, 2 * power, 5 * power]) : powers;
  return all.filter((ms) => Math.log10(ms) >= low && Math.log10(ms) <= high);
}

export function LatencyLegend(): ReactNode {
  return (
    <div className="legend">
      <span><i style={{ background: "var(--accent)", borderRadius: "50%" }} />p50</span>
      <span><i style={{ background: "var(--waiting)" }} />p95</span>
      <span><i style={{ background: "var(--failed)", clipPath: "polygon(50% 0, 100% 100%, 0 100%)" }} />p99</span>
    </div>
  );
}

export function LatencyTable({ of, head }: { of: Latency[]; head: string }): ReactNode {
  return (
    <Table label={`Latency by ${head}`} rows={of} keyOf={(row) => row.key} columns={[
      { key: "key", head, cell: nameOf },
      { key: "runs", head: "Ended", num: true, cell: (row) => count(row.ended) },
      { key: "p50", head: "p50", num: true, cell: (row) => duration(row.p50_ms) },
      { key: "p95", head: "p95", num: true, cell: (row) => duration(row.p95_ms) },
      { key: "p99", head: "p99", num: true, cell: (row) => duration(row.p99_ms) },
    ]} />
  );
}
