import type { ReactNode } from "react";

// Shape, word and colour say the same thing, so that any one of them is enough.
const SHAPES: Record<string, ReactNode> = {
  pending: <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" strokeWidth="1.6" strokeDasharray="2 2" />,
  running: (
    <g className="spin">
      <circle cx="8" cy="8" r="5.2" fill="none" stroke="currentColor" strokeOpacity=".3" strokeWidth="2" />
      <path d="M8 2.8A5.2 5.2 0 0 1 13.2 8" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
    </g>
  ),
  waiting: <path d="M4.5 3h7M4.5 13h7M5.5 3c0 3 5 4 5 5s-5 2-5 5M10.5 3c0 3-5 4-5 5s5 2 5 5" fill="none" stroke="currentColor" strokeWidth="1.4" strokeLinecap="round" />,
  paused: <path d="M5.8 4v8M10.2 4v8" stroke="currentColor" strokeWidth="2.4" strokeLinecap="round" />,
  completed: <path d="M3.2 8.6l3.2 3.2 6.4-7.2" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" />,
  failed: <path d="M4.2 4.2l7.6 7.6M11.8 4.2l-7.6 7.6" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />,
  cancelled: <path d="M8 2.8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 1 0 8 2.8M4.4 11.6l7.2-7.2" fill="none" stroke="currentColor" strokeWidth="1.6" />,
  timeout: <path d="M8 2.8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 1 0 8 2.8M8 5v3.2l2 1.4" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />,
  skipped: <path d="M3.5 4l4 4-4 4M8.5 4l4 4-4 4" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" />,
};
const AS: Record<string, string> = { active: "completed", alive: "completed", ok: "completed", bad: "failed", warn: "timeout", error: "failed", gone: "failed", warning: "timeout", notice: "pending", draft: "pending", archived: "cancelled", sealed: "completed" };

export function shapeOf(status: string): ReactNode {
  return SHAPES[AS[status] ?? status] ?? SHAPES["pending"];
}

export function toneOf(status: string | null | undefined): string {
  const name = AS[status ?? ""] ?? status ?? "pending";
  return name in SHAPES ? `var(--${name})` : "var(--muted)";
}

export function Status({ of, word }: { of: string; word?: string }): ReactNode {
  return (
    <span className="status" data-status={of} style={{ ["--tone" as string]: toneOf(of) }}>
      <svg width="14" height="14" viewBox="0 0 16 16" aria-hidden="true">{shapeOf(of)}</svg>
      {word ?? of}
    </span>
  );
}
