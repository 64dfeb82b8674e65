import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { address } from "~/api/client";
import { delta, duration, shortId } from "~/api/formats";
import type { Compare, ComparedStep, Run, RunSummary } from "~/api/types";
import type { CompareSearch } from "~/app/search";
import { Ago } from "~/components/Ago";
import { Answer } from "~/components/Answer";
import { CopyAs } from "~/components/CopyAs";
import { Page } from "~/components/Page";
import { Panel } from "~/components/Panel";
import { Status } from "~/components/Status";
import { Table, type Column } from "~/components/Table";
import { Tabs } from "~/components/Tabs";
import { Diff } from "~/diff/Diff";
import { changes, ofPatch } from "~/diff/values";
import { Picker } from "./Picker";

const route = getRouteApi("/compare");

export function ComparePage(): ReactNode {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/compare" });
  const set = (change: CompareSearch): void => void navigate({ search: (before) => ({ ...before, ...change }), resetScroll: false });
  const { a, b } = search;
  return (
    <Page title="Compare two runs" beside={a && b && <><span className="grow" /><button onClick={() => set({ a: b, b: a })}>Swap</button><button className="quiet" onClick={() => set({ a: undefined })}>Another A</button><button className="quiet" onClick={() => set({ b: undefined })}>Another B</button></>}>
      {a && b ? <Pair a={a} b={b} search={search} set={set} /> : <Picker known={a ?? b} side={a || !b ? (a ? "b" : "a") : "a"} onPick={(run) => set(a ? { b: run } : { a: run })} />}
    </Page>
  );
}

function Pair({ a, b, search, set }: { a: string; b: string; search: CompareSearch; set: (change: CompareSearch) => void }): ReactNode {
  const path = `/runs/${a}/compare`;
  const compare = useAsk<Compare>(path, { with: b });
  return (
    <Answer of={compare} what="comparison">
      {(data) => (
        <>
          <First of={data} onPick={(step) => set({ step })} />
          <div className="two"><Side name="A" run={data.a} /><Side name="B" run={data.b} other={data.a} /></div>
          <Panel title="Steps, aligned" aside={<CopyAs at={address(path, { with: b })} cli={`mainstem runs compare ${a} ${b}`} sql={`select step_id, run_id, step_number, node_key, iteration, status, duration_ms, output_data\n  from mainstem.user_workflow_run_step where run_id in ('${a}', '${b}') order by node_key, iteration;`} json={data.steps} />}>
            <Table label="Steps, aligned" rows={data.steps} columns={columnsOf(data.first_difference)} keyOf={keyOf} onOpen={(step) => set({ step: keyOf(step) === search.step ? undefined : keyOf(step) })} />
          </Panel>
          <StepDiff step={data.steps.find((step) => keyOf(step) === search.step || step.key === search.step)} />
          <Values of={data} tab={search.tab} onTab={(tab) => set({ tab })} />
        </>
      )}
    </Answer>
  );
}

function First({ of, onPick }: { of: Compare; onPick: (step: string) => void }): ReactNode {
  const step = of.steps.find((one) => one.key === of.first_difference || keyOf(one) === of.first_difference);
  if (!of.first_difference) return <p className="banner"><strong>No difference in the steps.</strong> Input, context and configuration are compared below.</p>;
  return (
    <p className="banner">
      <strong>They part at {of.first_difference}.</strong>
      <span>{step ? partedAs(step) : ""}</span>
      <button className="quiet" onClick={() => onPick(step ? keyOf(step) : (of.first_difference ?? ""))}>Show the difference</button>
    </p>
  );
}

export function partedAs({ a, b }: ComparedStep): string {
  if (!a) return "Only B has this step.";
  if (!b) return "Only A has this step.";
  if (a.status !== b.status) return `A ${a.status}, B ${b.status}${b.error_message ? `: ${b.error_message}` : a.error_message ? `: ${a.error_message}` : ""}.`;
  return "Both ran it, with different output.";
}

function Side({ name, run, other }: { name: string; run: RunSummary; other?: RunSummary }): ReactNode {
  const differs = other?.duration_ms != null && run.duration_ms != null ? delta(run.duration_ms - other.duration_ms) : null;
  return (
    <section className="panel" aria-label={`Run ${name}`}>
      <header><span className="tag">{name}</span><h2><Link to="/runs/$runId" params={{ runId: run.run_id }} search={{}}>{run.workflow} <span className="mono muted">{shortId(run.run_id)}</span></Link></h2><Status of={run.status} /></header>
      <dl className="figures" style={{ margin: 0 }}>
        <div><dt>Duration</dt><dd>{duration(run.duration_ms)} {differs && <small className="muted">{differs}</small>}</dd></div>
        <div><dt>Channel</dt><dd>{run.channel}</dd></div>
        <div><dt>Version</dt><dd>{run.workflow_version}</dd></div>
        <div><dt>Started</dt><dd><Ago at={run.started_at} /></dd></div>
      </dl>
    </section>
  );
}

function keyOf(step: ComparedStep): string {
  return step.iteration > 1 ? `${step.key}[${step.iteration}]` : step.key;
}

function columnsOf(first: string | null): Column<ComparedStep>[] {
  const longest = (step: ComparedStep): number => Math.max(step.a?.duration_ms ?? 0, step.b?.duration_ms ?? 0, 1);
  const side = (which: "a" | "b") => (step: ComparedStep): ReactNode => {
    const one = step[which];
    return one ? <span className="row"><Status of={one.status} /><span className="bar wide" style={{ width: 72 }} aria-hidden="true"><i style={{ width: `${(100 * (one.duration_ms ?? 0)) / longest(step)}%` }} /></span><span className="wide">{duration(one.duration_ms)}</span></span> : <span className="muted">not run</span>;
  };
  return [
    { key: "step", head: "Step", cell: (step) => <><span style={{ fontWeight: 500 }}>{keyOf(step)}</span>{step.key === first || keyOf(step) === first ? <span className="under" style={{ color: "var(--accent)" }}>first difference</span> : null}</> },
    { key: "a", head: "A", cell: side("a") },
    { key: "b", head: "B", cell: side("b") },
    { key: "delta", head: "Δ", num: true, cell: (step) => <span className="nowrap" style={(step.duration_delta_ms ?? 0) > 0 ? { color: "var(--timeout)" } : undefined}>{delta(step.duration_delta_ms)}</span> },
    { key: "output", head: "Output", wide: true, cell: (step) => (step.same_output === null ? <span className="muted">–</span> : step.same_output ? <span className="parity-yes">the same</span> : <span style={{ color: "var(--timeout)" }}>differs</span>) },
  ];
}

function StepDiff({ step }: { step: ComparedStep | undefined }): ReactNode {
  if (!step) return null;
  return (
    <Panel title={`${keyOf(step)}, A to B`}>
      <div className="stack tight" style={{ padding: "8px 0" }}>
        {([["Input", "input_data"], ["Output", "output_data"], ["Error", "error_message"]] as const).map(([name, key]) => (
          <div key={key}><h3 style={{ padding: "4px 12px" }}>{name}</h3><Diff of={changes(step.a?.[key] ?? undefined, step.b?.[key] ?? undefined)} /></div>
        ))}
      </div>
    </Panel>
  );
}

const PARTS = [["input", "Input", "input_data"], ["context", "Context", "context"], ["output", "Output", "output_data"], ["config", "Config", "config_snapshot"]] as const;

function Values({ of, tab, onTab }: { of: Compare; tab: string | undefined; onTab: (tab: string) => void }): ReactNode {
  // The patch has the new values only; what they replaced is in A.
  const a = useAsk<Run>(`/runs/${of.a.run_id}`).data;
  return (
    <section className="panel" aria-label="Values">
      <Tabs label="Values" at={tab} onPick={onTab} tabs={PARTS.map(([key, name, field]) => ({ key, name, n: of[key].length, body: () => <div style={{ padding: "8px 0" }}><Diff of={ofPatch(of[key], a?.[field])} same="The same in both runs" /></div> }))} />
    </section>
  );
}
