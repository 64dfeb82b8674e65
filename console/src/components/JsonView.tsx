import type { ReactNode } from "react";
import type { Json } from "~/api/types";

const OPEN_TO = 2;
const MOST = 200;

/** A value as a tree; large ones are cut where nobody reads on, and say so. */
export function JsonView({ of, depth = 0, name }: { of: Json | undefined; depth?: number; name?: string }): ReactNode {
  const label = name === undefined ? null : <><span className="k">{name}</span>: </>;
  if (of === null || of === undefined || typeof of !== "object") return <div className="json leaf">{label}<Leaf of={of} /></div>;
  const entries = Object.entries(of);
  const [left, right] = Array.isArray(of) ? ["[", "]"] : ["{", "}"];
  if (!entries.length) return <div className="json leaf">{label}{left}{right}</div>;
  return (
    <details className="json" open={depth < OPEN_TO}>
      <summary>{label}<span className="k">{left}{entries.length}{right}</span></summary>
      <div className="in">
        {entries.slice(0, MOST).map(([key, value]) => <JsonView key={key} of={value} name={key} depth={depth + 1} />)}
        {entries.length > MOST && <div className="leaf k">and {entries.length - MOST} more: copy as JSON has all</div>}
      </div>
    </details>
  );
}

function Leaf({ of }: { of: Json | undefined }): ReactNode {
  if (typeof of === "string") return <span className="s">"{of}"</span>;
  if (typeof of === "number") return <span className="n">{of}</span>;
  return <span className="b">{of === undefined ? "–" : String(of)}</span>;
}
