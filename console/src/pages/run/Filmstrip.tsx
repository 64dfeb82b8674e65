import { useState, type ReactNode } from "react";
import { clock, percent } from "~/api/formats";
import { BASE } from "~/api/place";
import type { Run, Screenshot } from "~/api/types";

interface Frame { step: number; key: string; shot: Screenshot }

/** What the browser saw, in order; the step that is picked anywhere is picked here. */
export function Filmstrip({ run, at, onPick, only }: { run: Run; at: number | undefined; onPick: (step: number) => void; only?: boolean }): ReactNode {
  const frames: Frame[] = run.steps.flatMap((step) => step.screenshots.map((shot, index) => ({ step: step.step_number, key: `${step.step_number}-${index}`, shot: typeof shot === "string" ? { url: shot } : shot })));
  const [chosen, setChosen] = useState<string | null>(null);
  const near = frames.filter((frame) => frame.step === at);
  const shown = frames.find((frame) => frame.key === chosen) ?? [...near, ...frames].find((frame) => frame.shot.element_found === false) ?? near[0] ?? frames[0];
  if (!shown) return only ? null : <div className="state"><h2>No screenshots</h2><p>A node adds one with <code>step.screenshot(…)</code>; nodes of kind browser do so by themselves.</p></div>;
  const pick = (frame: Frame): void => {
    setChosen(frame.key);
    onPick(frame.step);
  };
  const move = (event: React.KeyboardEvent): void => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = by ? frames[frames.indexOf(shown) + by] : undefined;
    if (!next) return;
    event.preventDefault();
    pick(next);
    document.getElementById(`shot-${next.key}`)?.focus();
  };
  return (
    <div>
      <div className="film" role="group" aria-label="Screenshots" onKeyDown={move}>
        {frames.map((frame) => (
          <button key={frame.key} id={`shot-${frame.key}`} aria-pressed={frame === shown} onClick={() => pick(frame)}>
            <Picture shot={frame.shot} small alt="" />
            <span className="row"><strong>{frame.shot.action ?? "screenshot"}</strong><span className="muted">{clock(frame.shot.timestamp)}</span></span>
            <span className="under clip" style={{ width: "100%" }}>{frame.shot.element_found === false ? "not found: " : ""}{frame.shot.selector || `step ${frame.step}`}</span>
          </button>
        ))}
      </div>
      {!only && <div className="inside stack tight">
        <Picture shot={shown.shot} alt={`Step ${shown.step}: ${shown.shot.action ?? "screenshot"} ${shown.shot.selector ?? ""}`} />
        <dl className="facts">
          <dt>Action</dt><dd>{shown.shot.action ?? "–"} <code>{shown.shot.selector}</code></dd>
          <dt>Element</dt><dd style={shown.shot.element_found === false ? { color: "var(--failed)" } : undefined}>{shown.shot.element_found === false ? "not found" : "found"}</dd>
          <dt>Confidence</dt><dd>{percent(shown.shot.confidence)}</dd>
        </dl>
      </div>}
    </div>
  );
}

// Nothing is loaded from another host: a picture kept elsewhere is a link.
function Picture({ shot, small, alt }: { shot: Screenshot; small?: boolean; alt: string }): ReactNode {
  const url = (small && shot.thumbnail_url) || shot.url || "";
  const own = url.startsWith("data:image/") || !/^[a-z]+:|^\/\//i.test(url);
  if (!own) return <span className="muted" style={{ minHeight: small ? 92 : 0, display: "grid", alignContent: "center" }}>kept at {new URL(url, location.href).host}</span>;
  return <img className={small ? undefined : "shot"} src={url.startsWith("data:") || url.startsWith("/") ? url : `${BASE}/${url}`} alt={alt} loading="lazy" />;
}
