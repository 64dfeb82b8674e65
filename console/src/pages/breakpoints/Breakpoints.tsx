import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { address, tell } from "~/api/client";
import { count, shortId } from "~/api/formats";
import { rowsOf, usePages } from "~/api/pages";
import type { BreakpointShown, BreakpointsShown } from "~/api/types";
import { Ago } from "~/components/Ago";
import { Ask, said } from "~/components/Ask";
import { CopyAs } from "~/components/CopyAs";
import { PagedTable } from "~/components/PagedTable";
import type { Column } from "~/components/Table";
import { Trouble } from "~/components/Trouble";

/** Of one workflow, of one run, or of all when neither is given. */
export interface Scope { workflow?: string; runId?: string; steps?: string[] }

export function Breakpoints(scope: Scope): ReactNode {
  const [setting, setSetting] = useState(false);
  const [gone, setGone] = useState<BreakpointShown | null>(null);
  const queries = useQueryClient();
  const asked = usePages<BreakpointsShown>("/breakpoints", { page_size: 200 });
  const rows = rowsOf(asked, (page) => page.breakpoints).filter((row) => within(row, scope));
  const change = useMutation<unknown, Error, BreakpointShown>({
    mutationFn: async (row) => tell(`/breakpoints/${row.breakpoint_id}`, { is_enabled: !row.is_enabled }, {}, "PATCH"),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["breakpoints"] }),
  });
  return (
    <>
      <div className="tools"><button className="lead" onClick={() => setSetting(true)}>Set a breakpoint…</button><CopyAs at={address("/breakpoints", { page_size: 200 })} {...(scope.workflow || scope.runId ? {} : { cli: "mainstem breakpoints list" })} json={rows} /></div>
      <Trouble of={change.error} />
      <PagedTable of={asked} rows={rows} what="breakpoints" label="Breakpoints" columns={columnsOf(scope, (row) => change.mutate(row), setGone)} keyOf={(row) => row.breakpoint_id} empty={{ title: "No breakpoint is set", children: <p>A run pauses before the step that one names, and shows what it is about to do.</p> }} />
      {setting && <SetAsk scope={scope} close={() => setSetting(false)} />}
      {gone && <Ask title="Delete this breakpoint?" verb="Delete it" danger close={() => setGone(null)} says={<p>Runs that it stopped stay paused until they are resumed.</p>} send={() => tell(`/breakpoints/${gone.breakpoint_id}`, null, {}, "DELETE")} />}
    </>
  );
}

function within(row: BreakpointShown, scope: Scope): boolean {
  if (scope.runId) return row.run_id === scope.runId || (row.workflow !== null && row.workflow === scope.workflow);
  return !scope.workflow || row.workflow === scope.workflow;
}

function columnsOf(scope: Scope, flip: (row: BreakpointShown) => void, drop: (row: BreakpointShown) => void): Column<BreakpointShown>[] {
  const where: Column<BreakpointShown> = { key: "of", head: "Of", cell: (row) => (row.run_id ? <Link className="mono" to="/runs/$runId" params={{ runId: row.run_id }} search={{}}>{shortId(row.run_id)}</Link> : (row.workflow ?? "–")) };
  return [
    { key: "on", head: "On", width: "48px", cell: (row) => <input type="checkbox" className="tick" aria-label={`On, ${nameOf(row)}`} checked={row.is_enabled} onChange={() => flip(row)} /> },
    ...(scope.workflow && !scope.runId ? [] : [where]),
    { key: "before", head: "Before", cell: (row) => <>{row.node_key ?? "whichever step"}{row.condition && <span className="under mono">if {row.condition}</span>}</> },
    { key: "once", head: "How often", wide: true, cell: (row) => (row.one_shot ? "once" : "every time") },
    { key: "hits", head: "Hits", num: true, cell: (row) => count(row.hits) },
    { key: "last", head: "Last", num: true, wide: true, cell: (row) => <Ago at={row.last_hit_at} /> },
    { key: "end", head: "Delete", num: true, cell: (row) => <button className="quiet danger" onClick={() => drop(row)}>Delete…<span className="unseen"> {nameOf(row)}</span></button> },
  ];
}

function nameOf(row: BreakpointShown): string {
  return `before ${row.node_key ?? "any step"} of ${row.workflow ?? "one run"}`;
}

function SetAsk({ scope, close }: { scope: Scope; close: () => void }): ReactNode {
  const of = scope.runId ? { run_id: scope.runId } : scope.workflow ? { workflow: scope.workflow } : {};
  const send = async (form: FormData): Promise<unknown> => tell("/breakpoints", { ...(Object.keys(of).length ? of : { workflow: said(form, "workflow") }), step: said(form, "step"), condition: said(form, "condition"), one_shot: form.get("one_shot") === "on" });
  return (
    <Ask title="Set a breakpoint" verb="Set it" close={close} says={<p>{scope.runId ? "This run pauses" : "Runs pause"} before the step begins. Workers learn of it at once.</p>} send={send}>
      {!scope.runId && !scope.workflow && <label>Workflow<input name="workflow" required autoComplete="off" /></label>}
      <label>Step or node <small>Empty: whichever comes next</small><input name="step" list="breakpoint-steps" autoComplete="off" spellCheck={false} /></label>
      <datalist id="breakpoint-steps">{scope.steps?.map((step) => <option key={step} value={step} />)}</datalist>
      <label>Condition <small>Of <code>input</code> (the step's), <code>run</code> (the run's input) and <code>call</code>; empty: always</small><input name="condition" placeholder="input.amount > 1000 and call = 1" autoComplete="off" spellCheck={false} /></label>
      <label className="row"><span className="row"><input type="checkbox" name="one_shot" className="tick" />Only once: switched off by its first hit</span></label>
    </Ask>
  );
}
