import { useState, type ReactNode } from "react";
import { duration, moment } from "~/api/formats";
import type { Screenshot, Step, Timeline } from "~/api/types";
import { useWidth } from "~/charts/measured";
import { useNow } from "~/components/now";
import { toneOf } from "~/components/Status";
import { layOut, place, ticks, type Bar, type Lane, type Layout } from "./layout";

const LANE = 28;
const TOP = 24;

interface Props { of: Timeline; steps: Step[]; at: number | undefined; onPick: (step: number) => void }

export function TimelineView({ of, steps, at, onPick }: Props): ReactNode {
  const [frame, width] = useWidth<HTMLDivElement>();
  const [fold, setFold] = useState(true);
  const now = useNow();
  const left = width < 560 ? 108 : 168;
  const layout = layOut(of, Math.max(80, width - left - 64), now, fold);
  const height = TOP + layout.lanes.length * LANE + 8;
  const shots = steps.flatMap((step) => step.screenshots.map((shot) => ({ step: step.step_number, shot: typeof shot === "string" ? { url: shot } : shot }))).filter(({ shot }) => shot.timestamp);
  return (
    <div className="inside stack tight">
      <div className="row wrap">
        <Legend layout={layout} />
        <span className="grow" />
        {layout.segments.some((one) => one.idle) || !fold ? <button className="quiet" aria-pressed={fold} onClick={() => setFold(!fold)}>{fold ? "Idle time folded" : "Idle time shown"}</button> : null}
      </div>
      <div ref={frame}>
        <svg className="timeline" width={width} height={height} role="group" aria-label={`Timeline of ${layout.lanes.length} lanes over ${duration(layout.ended - layout.began)}; the tab Steps has it as a table`}>
          <Axis layout={layout} left={left} height={height} />
          {layout.lanes.map((lane, index) => <LaneRow key={lane.key} lane={lane} y={TOP + index * LANE} left={left} width={width} at={at} onPick={onPick} step={steps.find((one) => one.step_number === lane.step)} layout={layout} />)}
          {shots.map(({ step, shot }, index) => <Mark key={index} shot={shot} x={left + place(layout.segments, Date.parse(shot.timestamp ?? of.started_at ?? ""))} y={TOP + layout.lanes.findIndex((lane) => lane.step === step) * LANE} />)}
        </svg>
      </div>
    </div>
  );
}

function Axis({ layout, left, height }: { layout: Layout; left: number; height: number }): ReactNode {
  return (
    <g aria-hidden="true">
      {ticks(layout.segments, layout.began).map((tick) => (
        <g key={tick.ms}>
          <line x1={left + tick.x} x2={left + tick.x} y1={TOP - 4} y2={height} stroke="var(--line)" />
          <text className="soft" x={left + tick.x} y="12" textAnchor={tick.ms === 0 ? "start" : "middle"}>{tick.ms === 0 ? "0" : duration(tick.ms)}</text>
        </g>
      ))}
      {layout.segments.filter((one) => one.idle).map((one) => (
        <g key={one.from}>
          <rect x={left + one.x} y={TOP - 4} width={one.width} height={height - TOP + 4} fill="var(--sunken)" />
          <text className="soft" x={left + one.x + one.width / 2} y="12" textAnchor="middle">⋯{duration(one.to - one.from)}</text>
        </g>
      ))}
    </g>
  );
}

function LaneRow({ lane, y, left, width, at, onPick, step, layout }: { lane: Lane; y: number; left: number; width: number; at: number | undefined; onPick: (step: number) => void; step: Step | undefined; layout: Layout }): ReactNode {
  const last = lane.bars.at(-1);
  const pick = (): void => void (lane.step !== null && onPick(lane.step));
  const worked = lane.bars.reduce((sum, bar) => sum + (bar.kind === "wait" ? 0 : bar.ended - bar.began), 0);
  const status = step?.status ?? last?.status ?? "pending";
  const end = last ? left + last.x + last.width : left;
  return (
    <g className="lane" data-at={lane.step !== null && lane.step === at} transform={`translate(0 ${y})`}>
      <g {...(lane.step === null ? {} : { role: "button", tabIndex: 0, "aria-pressed": lane.step === at, "aria-label": `Step ${lane.step} ${lane.label}, ${status}, ${duration(worked)}` })} onClick={pick} onKeyDown={(event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), pick())}>
        <rect className="hit" x="0" y="0" width={width} height={LANE - 2} rx="4"><title>{lane.bars.map(saidOf).join("\n")}</title></rect>
      </g>
      <g aria-hidden="true" className="marks">
        <circle cx="9" cy={LANE / 2 - 1} r="3.5" fill={lane.step === null ? "none" : toneOf(status)} />
        <text x="20" y={LANE / 2 + 3} className={lane.step === null ? "soft" : ""}>{clipped(lane.label, left > 120 ? 20 : 12)}</text>
        {lane.bars.map((bar, index) => <BarShape key={index} bar={bar} left={left} />)}
        <text className="soft" x={Math.min(end + 6, width - 2)} y={LANE / 2 + 3} {...(end + 60 > width ? { textAnchor: "end" } : {})}>{duration(worked || (last ? last.ended - last.began : layout.ended - layout.began))}</text>
      </g>
    </g>
  );
}

function saidOf(bar: Bar): string {
  return `${bar.kind}${bar.attempt ? ` ${bar.attempt}` : ""}: ${duration(bar.ended - bar.began)}, from ${moment(new Date(bar.began).toISOString())}, ${bar.open ? "still open" : bar.status}`;
}

function BarShape({ bar, left }: { bar: Bar; left: number }): ReactNode {
  const waits = bar.kind === "wait" || bar.kind === "queue";
  const tone = waits ? "var(--waiting)" : toneOf(bar.status);
  return (
    <rect x={left + bar.x} y={waits ? LANE / 2 - 3 : 6} width={bar.width} height={waits ? 4 : LANE - 14} rx="2" fill={tone} fillOpacity={waits ? 0.55 : bar.status === "completed" ? 0.72 : 1} stroke={bar.open ? tone : "none"} strokeDasharray={bar.open ? "3 3" : undefined} />
  );
}

function Mark({ shot, x, y }: { shot: Screenshot; x: number; y: number }): ReactNode {
  return <circle cx={x} cy={y + LANE - 4} r="2.5" fill={shot.element_found === false ? "var(--failed)" : "var(--accent)"} stroke="var(--surface)"><title>{`${shot.action ?? "screenshot"} ${shot.selector ?? ""}`}</title></circle>;
}

function Legend({ layout }: { layout: Layout }): ReactNode {
  const { queue, run, wait } = layout.shares;
  return (
    <div className="legend" role="note">
      <span><i style={{ background: "var(--completed)" }} />running {duration(run)}</span>
      <span><i style={{ background: "var(--waiting)", opacity: 0.6 }} />waiting {duration(wait)}</span>
      <span><i style={{ background: "var(--waiting)", height: 4, verticalAlign: "middle" }} />in queue {duration(queue)}</span>
      <span><i style={{ background: "var(--accent)", borderRadius: "50%" }} />screenshot</span>
    </div>
  );
}

function clipped(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
