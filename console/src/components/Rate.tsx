import type { ReactNode } from "react";
import { percent } from "~/api/formats";

export function Rate({ of }: { of: number | null }): ReactNode {
  if (of === null) return <span className="muted">–</span>;
  return (
    <span className="row" style={{ justifyContent: "flex-end" }}>
      <span className="bar wide" style={{ width: 40 }} aria-hidden="true"><i style={{ width: `${of * 100}%`, background: of < 0.8 ? "var(--failed)" : of < 0.95 ? "var(--waiting)" : "var(--completed)" }} /></span>
      <span className="nowrap">{percent(of)}</span>
    </span>
  );
}
