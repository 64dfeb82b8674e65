import { useState, type ReactNode } from "react";
import { count, moment } from "~/api/formats";
import type { Histogram, HistogramBucket } from "~/api/types";
import { Table } from "~/components/Table";
import { useWidth } from "./measured";

const KINDS = ["completed", "open", "cancelled", "timeout", "failed"] as const;
const TONES = { completed: "var(--completed)", open: "var(--running)", cancelled: "var(--cancelled)", timeout: "var(--timeout)", failed: "var(--failed)" };

export function totalOf(bucket: HistogramBucket): number {
  return KINDS.reduce((sum, kind) => sum + bucket[kind], 0);
}

/** Runs over time, failures on top where they are seen. Drag over it to ask for that time only. */
export function RunHistogram({ of, height = 64, onRange }: { of: Histogram; height?: number; onRange?: (from: string, to: string) => void }): ReactNode {
  const [place, width] = useWidth<HTMLDivElement>();
  const [drag, setDrag] = useState<[number, number] | null>(null);
  const most = Math.max(1, ...of.buckets.map(totalOf));
  const step = width / Math.max(1, of.buckets.length);
  const indexAt = (event: React.PointerEvent): number => Math.max(0, Math.min(of.buckets.length - 1, Math.floor((event.clientX - event.currentTarget.getBoundingClientRect().left) / step)));
  const finish = (): void => {
    const range = drag && [of.buckets[Math.min(...drag)], of.buckets[Math.max(...drag)]];
    setDrag(null);
    if (range?.[0] && range[1]) onRange?.(range[0].at, new Date(Date.parse(range[1].at) + of.step_seconds * 1000).toISOString());
  };
  return (
    <div ref={place}>
      <svg className="chart" width={width} height={height + 18} role="img" aria-label={summary(of)} style={{ cursor: onRange ? "crosshair" : undefined, touchAction: "pan-y" }}
        onPointerDown={(event) => onRange && setDrag([indexAt(event), indexAt(event)])} onPointerMove={(event) => drag && setDrag([drag[0], indexAt(event)])} onPointerUp={finish}>
        <line x1="0" x2={width} y1={height + 0.5} y2={height + 0.5} stroke="var(--line-strong)" />
        {of.buckets.map((bucket, index) => <Bar key={bucket.at} bucket={bucket} x={index * step} width={Math.max(1, step - 2)} scale={(height - 4) / most} floor={height} />)}
        {drag && <rect x={Math.min(...drag) * step} width={(Math.abs(drag[1] - drag[0]) + 1) * step} y="0" height={height} fill="var(--accent)" opacity=".18" />}
        {of.from && <text x="0" y={height + 15}>{label(of.from, of)}</text>}
        {of.to && <text x={width} y={height + 15} textAnchor="end">{label(of.to, of)}</text>}
      </svg>
    </div>
  );
}

function Bar({ bucket, x, width, scale, floor }: { bucket: HistogramBucket; x: number; width: number; scale: number; floor: number }): ReactNode {
  let y = floor;
  return (
    <g>
      {KINDS.map((kind) => {
        const tall = bucket[kind] * scale;
        y -= tall;
        return bucket[kind] > 0 && <rect key={kind} x={x} y={y} width={width} height={Math.max(tall, 1)} fill={TONES[kind]} opacity={kind === "completed" ? 0.62 : 0.95} />;
      })}
      <rect x={x} y="0" width={width} height={floor} fill="transparent"><title>{`${moment(bucket.at)}: ${count(totalOf(bucket))} runs, ${count(bucket.failed)} failed`}</title></rect>
    </g>
  );
}

function label(time: string, of: Histogram): string {
  return of.step_seconds < 86_400 ? moment(time).slice(5, 16) : moment(time).slice(0, 10);
}

function summary(of: Histogram): string {
  const all = of.buckets.reduce((sum, bucket) => sum + totalOf(bucket), 0);
  const failed = of.buckets.reduce((sum, bucket) => sum + bucket.failed, 0);
  return `${all} runs from ${moment(of.from)} to ${moment(of.to)}, ${failed} failed`;
}

export function HistogramLegend(): ReactNode {
  return <div className="legend">{KINDS.map((kind) => <span key={kind}><i style={{ background: TONES[kind] }} />{kind}</span>)}</div>;
}

export function HistogramTable({ of }: { of: Histogram }): ReactNode {
  return (
    <Table label="Runs over time" rows={of.buckets.filter((one) => totalOf(one) > 0)} keyOf={(one) => one.at} columns={[
      { key: "at", head: "From", cell: (one) => moment(one.at) },
      ...KINDS.map((kind) => ({ key: kind, head: kind, num: true, cell: (one: HistogramBucket) => count(one[kind]) })),
    ]} />
  );
}
