import type { ReactNode } from "react";
import { count } from "~/api/formats";
import type { Facets as Values, FacetValue } from "~/api/types";
import { Status } from "~/components/Status";
import { has, testing, toggled, withTesting } from "~/filter/clauses";

const GROUPS = ["status", "workflow", "channel"] as const;

export function Facets({ of, q, onAsk }: { of: Values; q: string; onAsk: (q: string) => void }): ReactNode {
  return (
    <div className="facets">
      {GROUPS.map((group) => (
        <section key={group} aria-label={`By ${group}`}>
          <h3 style={{ padding: "0 6px", textTransform: "capitalize" }}>{group}</h3>
          <ul>{of[group].map((one) => <li key={one.value}><Facet group={group} one={one} q={q} onAsk={onAsk} /></li>)}</ul>
        </section>
      ))}
      <section aria-label="Test runs">
        <h3 style={{ padding: "0 6px" }}>Test runs</h3>
        <ul>{([true, false] as const).map((only) => <li key={String(only)}><button aria-pressed={testing(q) === only} onClick={() => onAsk(withTesting(q, testing(q) === only ? null : only))}>{only ? "only these" : "without"}</button></li>)}</ul>
      </section>
    </div>
  );
}

function Facet({ group, one, q, onAsk }: { group: string; one: FacetValue; q: string; onAsk: (q: string) => void }): ReactNode {
  return (
    <button aria-pressed={has(q, group, one.value)} onClick={() => onAsk(toggled(q, group, one.value))}>
      <span className="clip">{group === "status" ? <Status of={one.value} /> : one.value}</span>
      <span className="n">{count(one.count)}</span>
    </button>
  );
}
