import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { Refused, tell } from "~/api/client";
import type { CheckedGraph, Draft, Json, VersionMade, Workflow } from "~/api/types";
import { Ago } from "~/components/Ago";
import { Answer } from "~/components/Answer";
import { Trouble } from "~/components/Trouble";
import { GraphView } from "~/graph/GraphView";
import { drawnOf, written } from "./drawn";

/** The graph that is being edited, as text. */
export function DraftEditor({ of }: { of: Workflow }): ReactNode {
  const asked = useAsk<Draft>(`/workflows/${of.workflow_id}/draft`);
  return <Answer of={asked} what="draft">{(data) => <Editor key={of.workflow_id} of={of} draft={data} />}</Answer>;
}

interface Held { text: string; revision: number }

function Editor({ of, draft }: { of: Workflow; draft: Draft }): ReactNode {
  const queries = useQueryClient();
  const [held, setHeld] = useState<Held>({ text: textOf(draft.graph_config, of.name), revision: draft.revision });
  const [checked, setChecked] = useState<CheckedGraph | null>(null);
  const [trouble, setTrouble] = useState<Error | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const conflict = trouble instanceof Refused && trouble.problem.code === "MS021" ? trouble.problem : null;
  const doing = async (act: () => Promise<string | null>): Promise<void> => {
    setBusy(true);
    setTrouble(null);
    setSaid(null);
    try {
      setSaid(await act());
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      setTrouble(error);
    }
    setBusy(false);
    void queries.invalidateQueries({ queryKey: ["workflows"] });
  };
  const check = async (): Promise<CheckedGraph> => {
    const found = await tell<CheckedGraph>("/workflows/check", { text: held.text });
    setChecked(found);
    return found;
  };
  const save = async (): Promise<Draft | null> => {
    const found = await check();
    if (found.graph_config === null) return null;
    const saved = await tell<Draft>(`/workflows/${of.workflow_id}/draft`, { graph_config: found.graph_config }, { "if-match": `"${held.revision}"` }, "PUT");
    setHeld({ text: held.text, revision: saved.revision });
    return saved;
  };
  const publish = async (): Promise<string | null> => {
    const saved = await save();
    if (!saved) return null;
    const made = await tell<VersionMade>(`/workflows/${of.workflow_id}/versions`, { revision: saved.revision, activate: true });
    return `Version ${made.version} is ${made.is_new ? "published" : "there already"}, and new runs begin with it.`;
  };
  return (
    <div className="inside stack tight">
      <p className="muted">{draft.is_draft ? <>Saved <Ago at={draft.saved_at} />, not published</> : "The active version; a change is a draft until it is published"}. Revision {held.revision}.</p>
      {draft.revision > held.revision && !conflict && !busy && <p className="stale"><strong>Changed meanwhile</strong><span>Somebody saved revision {draft.revision} since you began. Saving shows both texts.</span></p>}
      <label className="stack tight"><span>Graph, as YAML or JSON</span><textarea rows={22} value={held.text} spellCheck={false} onChange={(event) => setHeld({ ...held, text: event.target.value })} /></label>
      <div className="row wrap">
        <button disabled={busy} onClick={() => void doing(async () => (await check(), null))}>Check</button>
        <button disabled={busy} onClick={() => void doing(async () => ((await save()) ? "Saved." : null))}>Save the draft</button>
        <button className="primary" disabled={busy} onClick={() => void doing(publish)}>Publish</button>
        <span role="status">{said}</span>
      </div>
      {checked && <Faults of={checked} />}
      {conflict ? <Conflict yours={conflict.yours ?? null} theirs={conflict.theirs ?? null} take={() => { setHeld({ text: textOf(conflict.theirs ?? null, of.name), revision: conflict.revision ?? 0 }); setTrouble(null); }} keep={() => { setHeld({ ...held, revision: conflict.revision ?? 0 }); setTrouble(null); }} /> : <Trouble of={trouble} />}
      {checked?.graph_config != null && <GraphView of={drawnOf(checked.graph_config)} note={(node) => node.type ?? "node"} />}
    </div>
  );
}

function Faults({ of }: { of: CheckedGraph }): ReactNode {
  if (!of.faults.length) return <p role="status">It can run.{of.calls.length > 0 && ` It calls ${of.calls.join(", ")}.`}</p>;
  return (
    <div className="error-box" role="alert">
      <strong>{of.faults.length === 1 ? "One fault" : `${of.faults.length} faults`}{of.graph_config === null ? ": it cannot be kept" : ": it can be saved, and not be published"}</strong>
      <ul className="times" aria-label="Faults">{of.faults.map((fault) => { const [path, ...rest] = fault.split(": "); return <li key={fault}>{rest.length ? <><code>{path}</code> {rest.join(": ")}</> : fault}</li>; })}</ul>
    </div>
  );
}

/** Both texts, when somebody else saved first. */
function Conflict({ yours, theirs, take, keep }: { yours: Json; theirs: Json; take: () => void; keep: () => void }): ReactNode {
  return (
    <section aria-label="Two texts" className="error-box" role="alert">
      <strong>Somebody saved another text since you read this one. Nothing of yours is written.</strong>
      <div className="two">
        <label>Theirs, which is there<textarea readOnly rows={12} value={written(theirs)} /></label>
        <label>Yours<textarea readOnly rows={12} value={written(yours)} /></label>
      </div>
      <div className="row wrap"><button onClick={take}>Take theirs</button><button onClick={keep}>Keep mine, to save it over theirs</button></div>
    </section>
  );
}

function textOf(graph: Json, name: string): string {
  return written(graph ?? { name, nodes: [{ key: "begin", type: "entry" }, { key: "done", type: "outcome" }], edges: [{ from: "begin", to: "done" }] });
}
