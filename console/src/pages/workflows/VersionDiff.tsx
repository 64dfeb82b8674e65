import type { ReactNode } from "react";
import { useAsk } from "~/api/asking";
import type { PatchOperation } from "~/api/types";
import { Answer } from "~/components/Answer";
import { JsonView } from "~/components/JsonView";
import { Panel } from "~/components/Panel";
import { changesOf, isSame, type Change } from "./patches";

/** What differs from one version to another, or to the draft (null). */
export function VersionDiff({ workflowId, from, to }: { workflowId: string; from: number; to: number | null }): ReactNode {
  const asked = useAsk<PatchOperation[]>(`/workflows/${workflowId}/versions/${from}/diff`, { to });
  return (
    <Panel title={`From version ${from} to ${to === null ? "the draft" : `version ${to}`}`}>
      <Answer of={asked} what="differences" isEmpty={(data) => isSame(changesOf(data))} empty={{ title: "They are the same" }}>
        {(data) => {
          const { nodes, edges, other } = changesOf(data);
          return <div className="inside stack tight"><Group name="Nodes" of={nodes} /><Group name="Ways" of={edges} /><Group name="Else" of={other} /></div>;
        }}
      </Answer>
    </Panel>
  );
}

const TONES = { added: "var(--add)", removed: "var(--remove)", changed: "var(--sunken)" } as const;

function Group({ name, of }: { name: string; of: Change[] }): ReactNode {
  if (!of.length) return null;
  return (
    <section aria-label={name}>
      <h3>{name}</h3>
      <ul className="changes">{of.map((change) => (
        <li key={change.name} data-what={change.what} style={{ background: TONES[change.what] }}>
          <strong>{change.what}</strong> <code>{change.name}</code>
          {change.what !== "removed" && change.parts.map((part) => <div key={part.at + part.op} className="row">{part.at && <code>{part.at}</code>}{part.op === "remove" ? <span className="muted">removed</span> : <JsonView of={part.value} depth={2} />}</div>)}
        </li>
      ))}</ul>
    </section>
  );
}
