import type { ReactNode } from "react";
import type { Cell } from "~/api/types";
import { useWidth } from "./measured";

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const LEFT = 36;
const TOP = 18;
const TALL = 24;

/** Runs by hour and weekday, in UTC; weekday 0 is Monday. */
export function Heat({ of }: { of: Cell[] }): ReactNode {
  const [place, width] = useWidth<HTMLDivElement>();
  const wide = (width - LEFT) / 24;
  const most = Math.max(1, ...of.map((cell) => cell.runs));
  const busiest = of.reduce<Cell | null>((best, cell) => (!best || cell.runs > best.runs ? cell : best), null);
  return (
    <div ref={place}>
      <svg className="chart" width={width} height={TOP + 7 * TALL} role="img" aria-label={busiest ? `Runs by hour and weekday; most, ${busiest.runs}, on ${dayOf(busiest)} at ${busiest.hour}:00 UTC` : "Runs by hour and weekday"}>
        {[0, 6, 12, 18].map((hour) => <text key={hour} x={LEFT + hour * wide} y="12">{`${String(hour).padStart(2, "0")}:00`}</text>)}
        {DAYS.map((day, index) => <text key={day} x="0" y={TOP + index * TALL + 16}>{day}</text>)}
        {of.map((cell) => (
          <g key={`${cell.weekday} ${cell.hour}`}>
            <rect x={LEFT + cell.hour * wide} y={TOP + cell.weekday * TALL} width={wide - 2} height={TALL - 2} rx="3" fill="var(--sunken)" />
            <rect x={LEFT + cell.hour * wide} y={TOP + cell.weekday * TALL} width={wide - 2} height={TALL - 2} rx="3" fill="var(--accent)" opacity={cell.runs / most} />
            {cell.failed > 0 && <circle cx={LEFT + (cell.hour + 0.5) * wide - 1} cy={TOP + (cell.weekday + 0.5) * TALL - 1} r="3" fill="var(--failed)" stroke="var(--surface)" />}
            <title>{`${dayOf(cell)} ${cell.hour}:00: ${cell.runs} runs, ${cell.failed} failed`}</title>
          </g>
        ))}
      </svg>
    </div>
  );
}

function dayOf(cell: Cell): string {
  return DAYS[cell.weekday] ?? String(cell.weekday);
}

export function HeatTable({ of }: { of: Cell[] }): ReactNode {
  const at = new Map(of.map((cell) => [`${cell.weekday} ${cell.hour}`, cell]));
  return (
    <div className="table-wrap" tabIndex={0} role="group" aria-label="Runs by hour and weekday">
      <table>
        <thead><tr><th scope="col">Hour (UTC)</th>{DAYS.map((day) => <th key={day} scope="col" className="num">{day}</th>)}</tr></thead>
        <tbody>{Array.from({ length: 24 }, (_, hour) => <tr key={hour}><th scope="row">{hour}:00</th>{DAYS.map((day, index) => <td key={day} className="num">{at.get(`${index} ${hour}`)?.runs ?? 0}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}
