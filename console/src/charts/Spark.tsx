import type { ReactNode } from "react";
import type { SparkDay } from "~/api/types";

/** Two weeks in a word's height; the numbers stand beside it in the table. */
export function Spark({ of }: { of: SparkDay[] }): ReactNode {
  const most = Math.max(1, ...of.map((day) => day.completed + day.failed));
  const runs = of.reduce((sum, day) => sum + day.completed + day.failed, 0);
  const failed = of.reduce((sum, day) => sum + day.failed, 0);
  return (
    <svg width={of.length * 6} height="22" role="img" aria-label={`${runs} runs in ${of.length} days, ${failed} failed`} style={{ verticalAlign: "middle" }}>
      {of.map((day, index) => {
        const good = (day.completed / most) * 21;
        const bad = (day.failed / most) * 21;
        return (
          <g key={day.day}>
            <rect x={index * 6} y={22 - good} width="4" height={good} fill="var(--completed)" opacity=".55" />
            {day.failed > 0 && <rect x={index * 6} y={22 - good - Math.max(2, bad)} width="4" height={Math.max(2, bad)} fill="var(--failed)" />}
            <title>{`${day.day}: ${day.completed} completed, ${day.failed} failed`}</title>
          </g>
        );
      })}
    </svg>
  );
}
