import type { ReactNode } from "react";
import type { Json } from "~/api/types";
import type { Change } from "./values";

const SIGNS = { add: "+", remove: "−", replace: "~" };
const WORDS = { add: "added", remove: "removed", replace: "changed" };

export function Diff({ of, same = "No difference" }: { of: Change[]; same?: string }): ReactNode {
  if (!of.length) return <p className="muted" style={{ padding: "8px 12px" }}>{same}</p>;
  return (
    <div className="diff">
      {of.map((one) => (
        <div key={one.path} className="line" data-op={one.op}>
          <span aria-label={WORDS[one.op]}>{SIGNS[one.op]}</span>
          <span>{one.path || "/"}</span>
          <span>{one.was !== undefined && <del>{short(one.was)}</del>}{one.was !== undefined && one.is !== undefined && " → "}{one.is !== undefined && <ins>{short(one.is)}</ins>}</span>
        </div>
      ))}
    </div>
  );
}

function short(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 400 ? `${text.slice(0, 400)}… (${text.length} characters)` : text;
}
