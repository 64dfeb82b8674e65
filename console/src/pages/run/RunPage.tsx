import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, type ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { address } from "~/api/client";
import { count, duration, shortId } from "~/api/formats";
import type { Graph, Run, Timeline } from "~/api/types";
import { VIEWS, type RunSearch } from "~/app/search";
import { Ago } from "~/components/Ago";
import { Answer } from "~/components/Answer";
import { CopyAs } from "~/components/CopyAs";
import { useNow } from "~/components/now";
import { Page } from "~/components/Page";
import { Status } from "~/components/Status";
import { isTyping } from "~/components/Table";
import { Tabs } from "~/components/Tabs";
import { GraphView } from "~/graph/GraphView";
import { isOver } from "~/live/merge";
import { Actions } from "./Actions";
import { Filmstrip } from "./Filmstrip";
import { Inspector } from "./Inspector";
import { StepList } from "./StepList";
import { Stopped, stoppedBefore } from "./Stopped";
import { TimelineView } from "./TimelineView";
import { money, spentBy, totalOf } from "./usage";
import { Ways } from "./Ways";
import { Waiting } from "./Waiting";
import { inWords, runOfStep } from "./words";

const route = getRouteApi("/runs/$runId");
type Set = (change: RunSearch) => void;

export function RunPage(): ReactNode {
  const { runId } = route.useParams();
  const run = useAsk<Run>(`/runs/${runId}`);
  return run.data ? <Known asked={run} /> : <Page title={`Run ${shortId(runId)}`}><Answer of={run} what="run">{() => null}</Answer></Page>;
}

function Known({ asked }: { asked: ReturnType<typeof useAsk<Run>> }): ReactNode {
  const run = asked.data as Run;
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/runs/$runId" });
  const set: Set = (change) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false });
  useViewKeys(set);
  const pick = (step: number): void => set({ step, tab: undefined, attempt: undefined });
  const step = run.steps.find((one) => one.step_number === search.step);
  return (
    <Page title={run.workflow} beside={<Head run={run} />}>
      <Answer of={asked} what="run">{() => <Summary run={run} />}</Answer>
      <Waiting run={run} />
      <Stopped run={run} onPick={pick} />
      <div className="with-inspector">
        <section className="panel" aria-label="What ran">
          <Tabs label="Views" at={search.view} onPick={(view) => set({ view: view as (typeof VIEWS)[number] })} tabs={[
            { key: "timeline", name: "Timeline", body: () => <TimelinePart run={run} at={search.step} pick={pick} /> },
            { key: "graph", name: "Graph", body: () => <GraphPart run={run} at={step?.node_key ?? undefined} pick={pick} /> },
            { key: "steps", name: "Steps", n: run.steps.length, body: () => <StepsPart run={run} pick={pick} /> },
            { key: "film", name: "Screenshots", n: run.steps.reduce((sum, one) => sum + one.screenshots.length, 0), body: () => <Filmstrip run={run} at={search.step} onPick={(number) => set({ step: number })} /> },
          ]} />
        </section>
        <Inspector run={run} step={step} tab={search.tab} attempt={search.attempt} onTab={(tab) => set({ tab })} onAttempt={(attempt) => set({ attempt })} onRun={() => set({ step: undefined, tab: undefined, attempt: undefined })} />
      </div>
    </Page>
  );
}

function Head({ run }: { run: Run }): ReactNode {
  return (
    <>
      <Status of={run.status} />
      <span className="muted mono">{shortId(run.run_id)}</span>
      {run.is_test && <span className="tag">test run</span>}
      {run.forked_from && <Link className="tag" to="/runs/$runId" params={{ runId: runOfStep(run.forked_from) }} search={{}}>fork</Link>}
      <span className="grow" />
      <Link className="button" to="/compare" search={{ b: run.run_id }}>Compare…</Link>
      <Actions run={run} />
      <CopyAs at={address(`/runs/${run.run_id}`)} cli={`mainstem runs show ${run.run_id}`} json={run} />
    </>
  );
}

function Summary({ run }: { run: Run }): ReactNode {
  const now = useNow();
  const failed = run.status === "failed" || run.status === "timeout";
  const spent = spentBy(run.steps);
  const total = totalOf(spent);
  const took = run.duration_ms ?? (run.started_at && !isOver(run.status) ? now - Date.parse(run.started_at) : null);
  return (
    <section className="panel" aria-label="Summary" style={failed ? { borderLeft: "3px solid var(--failed)" } : undefined}>
      <div className="inside stack tight">
        <p>{inWords(run)}</p>
        {run.error_message && !stoppedBefore(run) && <pre style={{ color: "var(--failed)" }}>{run.error_message}</pre>}
      </div>
      <dl className="figures" style={{ margin: 0, borderTop: "1px solid var(--line)" }}>
        <div><dt>Duration</dt><dd>{duration(took)}</dd></div>
        <div><dt>Steps</dt><dd>{run.steps.filter((step) => step.status === "completed").length}<span className="muted"> / {run.steps.length}</span></dd></div>
        <div><dt>Retries</dt><dd>{run.steps.reduce((sum, step) => sum + step.retry_count, 0)}</dd></div>
        <div><dt>Channel</dt><dd>{run.channel}</dd></div>
        <div><dt>Version</dt><dd>{run.workflow_version}</dd></div>
        {spent.length > 0 && <div><dt>Tokens</dt><dd>{count(total.tokens)}</dd></div>}
        {spent.length > 0 && <div><dt>Cost</dt><dd>{money(total.cost)}</dd></div>}
        <div><dt>Started</dt><dd><Ago at={run.started_at} /></dd></div>
      </dl>
    </section>
  );
}

function TimelinePart({ run, at, pick }: { run: Run; at: number | undefined; pick: (step: number) => void }): ReactNode {
  const timeline = useAsk<Timeline>(`/runs/${run.run_id}/timeline`);
  return <Answer of={timeline} what="timeline" isEmpty={(data) => data.spans.length === 0} empty={{ title: "Nothing has happened yet", children: <p>Its first step begins when a worker takes it.</p> }}>{(data) => <><TimelineView of={data} steps={run.steps} at={at} onPick={pick} /><Filmstrip run={run} at={at} onPick={pick} only /></>}</Answer>;
}

function GraphPart({ run, at, pick }: { run: Run; at: string | undefined; pick: (step: number) => void }): ReactNode {
  const graph = useAsk<Graph>(`/runs/${run.run_id}/graph`);
  const nodeOf = (of: Graph): string | undefined => of.nodes.find((node) => node.key === at || node.steps.some((number) => run.steps.find((step) => step.step_number === number)?.node_key === at))?.key;
  return <Answer of={graph} what="graph" isEmpty={(data) => data.nodes.length === 0} empty={{ title: "This workflow has no graph", children: <p>Its steps are under Steps, in the order they ran.</p> }}>{(data) => <><GraphView of={data} at={at === undefined ? undefined : nodeOf(data)} onPick={(node) => { const last = node.steps.at(-1); if (last !== undefined) pick(last); }} /><Ways of={data.edges} /></>}</Answer>;
}

function useViewKeys(set: Set): void {
  const latest = useRef(set);
  latest.current = set;
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const view = VIEWS[Number(event.key) - 1];
      if (view && !isTyping(event)) latest.current({ view });
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, []);
}

function StepsPart({ run, pick }: { run: Run; pick: (step: number) => void }): ReactNode {
  return (
    <>
      <div className="tools"><CopyAs at={address(`/runs/${run.run_id}/steps`)} cli={`mainstem runs show ${run.run_id}`} json={run.steps} /></div>
      <StepList steps={run.steps} onPick={pick} />
    </>
  );
}
