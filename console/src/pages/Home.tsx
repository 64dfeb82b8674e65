import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { address } from "~/api/client";
import { count, percent } from "~/api/formats";
import type { Attention, Home as Shape } from "~/api/types";
import { ChartFrame } from "~/charts/ChartFrame";
import { HistogramLegend, HistogramTable, RunHistogram, totalOf } from "~/charts/RunHistogram";
import { Answer } from "~/components/Answer";
import { CopyAs, curlOf } from "~/components/CopyAs";
import { Page } from "~/components/Page";
import { Panel } from "~/components/Panel";
import { Status } from "~/components/Status";
import { ChannelTable } from "./Channels";
import { RunTable } from "./runs/RunTable";

export function Home(): ReactNode {
  const home = useAsk<Shape>("/home", {}, { every: 15_000 });
  return (
    <Page title="Home">
      <Answer of={home} what="overview" isEmpty={isNew} empty={{ title: "Nothing has run yet", children: <FirstSteps /> }}>
        {(data) => <Overview of={data} />}
      </Answer>
    </Page>
  );
}

function isNew(home: Shape): boolean {
  return !home.running.length && !home.attention.length && home.last_day.buckets.every((bucket) => totalOf(bucket) === 0) && !home.channels.some((row) => row.runs > 0);
}

function FirstSteps(): ReactNode {
  return (
    <div className="stack tight" style={{ textAlign: "left", color: "var(--ink)" }}>
      <p>See it work: <code>mainstem demo</code></p>
      <p>Write a workflow: <code>mainstem init</code></p>
      <p>Bring old run tables home: <code>mainstem consolidate inspect</code></p>
    </div>
  );
}

function Overview({ of }: { of: Shape }): ReactNode {
  return (
    <>
      <Figures of={of} />
      <div className="two">
        <Panel title="Needs attention">
          {of.attention.length ? <ul className="attention">{of.attention.map((one) => <Concern key={one.text} of={one} />)}</ul> : <div className="state"><Status of="ok" word="Nothing needs you" /></div>}
        </Panel>
        <Panel title="Channels, last 24 hours" aside={<CopyAs sql="select * from mainstem.v_workflow_channel_performance;" curl={curlOf(address("/home"))} json={of.channels} />}>
          <ChannelTable of={of.channels} />
        </Panel>
      </div>
      <ChartFrame title="Last 24 hours" chart={<RunHistogram of={of.last_day} height={88} />} table={<HistogramTable of={of.last_day} />} aside={<span className="wide"><HistogramLegend /></span>} />
      <Panel title="Running now" aside={<CopyAs sql="select * from mainstem.user_workflow_run where status in ('running', 'waiting');" curl={curlOf(address("/runs", { q: "status:running" }))} cli="mainstem runs list status:running" json={of.running} />}>
        {of.running.length ? <RunTable runs={of.running} label="Running now" /> : <div className="state"><p>No run is open.</p></div>}
      </Panel>
    </>
  );
}

function Figures({ of }: { of: Shape }): ReactNode {
  const sum = (kind: "completed" | "failed" | "timeout"): number => of.last_day.buckets.reduce((all, bucket) => all + bucket[kind], 0);
  const runs = of.last_day.buckets.reduce((all, bucket) => all + totalOf(bucket), 0);
  const bad = sum("failed") + sum("timeout");
  const ended = sum("completed") + bad;
  return (
    <dl className="panel figures" style={{ margin: 0 }}>
      <div><dt>Runs, 24 h</dt><dd><Link to="/runs" search={{ q: "started:>-24h" }}>{count(runs)}</Link></dd></div>
      <div><dt>Success</dt><dd>{percent(ended ? sum("completed") / ended : null)}</dd></div>
      <div><dt>Failed</dt><dd style={bad ? { color: "var(--failed)" } : undefined}><Link to="/runs" search={{ q: "status:failed started:>-24h" }}>{count(bad)}</Link></dd></div>
      <div><dt>Open now</dt><dd>{count(of.running.length)}</dd></div>
    </dl>
  );
}

function Concern({ of }: { of: Attention }): ReactNode {
  return (
    <li>
      <Status of={of.severity} word={of.severity === "error" ? "Error" : "Warning"} />
      <span className="grow">{of.text}</span>
      {of.run_id ? <Link className="link nowrap" to="/runs/$runId" params={{ runId: of.run_id }} search={{}}>Open<span className="unseen"> the run: {of.text}</span></Link> : of.query ? <Link className="link nowrap" to="/runs" search={{ q: of.query }}>{of.count ? `${count(of.count)} runs` : "Runs"}<span className="unseen">: {of.text}</span></Link> : null}
    </li>
  );
}
