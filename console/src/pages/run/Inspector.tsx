import { type ReactNode } from "react";
import { address } from "~/api/client";
import { clock, duration, moment } from "~/api/formats";
import type { Json, Run, RunEvent, Step } from "~/api/types";
import { CopyAs } from "~/components/CopyAs";
import { JsonView } from "~/components/JsonView";
import { Status } from "~/components/Status";
import { Tabs, type Tab } from "~/components/Tabs";
import { Diff } from "~/diff/Diff";
import { changes } from "~/diff/values";
import { isOver } from "~/live/merge";
import { Breakpoints } from "~/pages/breakpoints/Breakpoints";
import { attemptsOf } from "./attempts";
import { StepActions } from "./Mending";
import { stoppedBefore } from "./Stopped";
import { Usage } from "./Usage";
import { spentBy } from "./usage";

interface Props { run: Run; step: Step | undefined; tab: string | undefined; attempt: number | undefined; onTab: (tab: string) => void; onAttempt: (attempt: number) => void; onRun: () => void }

/** All that is recorded of the step that is picked, or of the run when none is. */
export function Inspector(props: Props): ReactNode {
  const { run, step, tab, onTab, onRun } = props;
  const tabs = step ? stepTabs(props, step) : runTabs(run);
  return (
    <section className="panel inspector" aria-label="Inspector">
      <header>
        {step ? <><h2 className="clip">{step.step_number} · {step.node_key ?? "step"}</h2><button className="quiet" onClick={onRun}>Whole run</button></> : <h2>The run</h2>}
        <CopyAs at={address(`/runs/${run.run_id}`)} {...(step ? { sql: sqlOf(step) } : {})} cli={`mainstem runs show ${run.run_id}`} json={step ?? run} />
      </header>
      {step && <StepActions run={run} step={step} />}
      <Tabs label={step ? "Of the step" : "Of the run"} tabs={tabs} at={tab} onPick={onTab} />
    </section>
  );
}

function value(of: Json | undefined, none: string): ReactNode {
  return of === null || of === undefined ? <p className="muted">{none}</p> : <JsonView of={of} />;
}

function runTabs(run: Run): Tab[] {
  const spent = spentBy(run.steps);
  return [
    ...(run.error_message && !stoppedBefore(run) ? [{ key: "error", name: "Error", body: () => <Trouble message={run.error_message} details={run.error_details} /> }] : []),
    { key: "input", name: "Input", body: () => value(run.input_data, "It was started without input.") },
    { key: "output", name: "Output", body: () => value(run.output_data, "It has given nothing yet.") },
    { key: "context", name: "Context", n: Object.keys(run.context ?? {}).length, body: () => value(run.context, "No key is set.") },
    { key: "config", name: "Config", body: () => value(run.config_snapshot, "No configuration was in force.") },
    { key: "events", name: "Events", n: run.events.length, body: () => <Events of={run.events} /> },
    ...(spent.length ? [{ key: "usage", name: "Usage", body: () => <Usage of={spent} /> }] : []),
    ...(isOver(run.status) || run.driver !== "engine" ? [] : [{ key: "breakpoints", name: "Breakpoints", body: () => <Breakpoints workflow={run.workflow} runId={run.run_id} /> }]),
    { key: "facts", name: "Facts", body: () => <Facts run={run} /> },
  ];
}

function stepTabs({ attempt, onAttempt }: Props, step: Step): Tab[] {
  const attempts = attemptsOf(step);
  const tabs: Tab[] = [
    { key: "output", name: "Output", body: () => value(step.output_data, "It has given nothing.") },
    { key: "input", name: "Input", body: () => value(step.input_data, "It took no input.") },
    { key: "attempts", name: "Attempts", n: attempts.length, body: () => <Attempts step={step} at={attempt} onAttempt={onAttempt} /> },
    { key: "events", name: "Events", n: step.events.length, body: () => <Events of={step.events} /> },
    { key: "metadata", name: "Metadata", body: () => value(step.metadata, "None.") },
  ];
  return step.error_message ? [{ key: "error", name: "Error", body: () => <Trouble message={step.error_message} details={step.error_details} /> }, ...tabs] : tabs;
}

function Trouble({ message, details }: { message: string | null; details: Json }): ReactNode {
  return <div className="stack tight"><div className="error-box"><pre>{message}</pre></div>{details !== null && <JsonView of={details} />}</div>;
}

function Events({ of }: { of: RunEvent[] }): ReactNode {
  if (!of.length) return <p className="muted">Nothing was noted.</p>;
  return <div className="stack tight">{of.map((event) => <details key={event.event_id}><summary><span className="muted mono">{clock(event.timestamp)}</span> {event.event_type}</summary><JsonView of={event.event_data} /></details>)}</div>;
}

function Attempts({ step, at, onAttempt }: { step: Step; at: number | undefined; onAttempt: (attempt: number) => void }): ReactNode {
  const attempts = attemptsOf(step);
  const chosen = attempts.find((one) => one.number === at) ?? attempts.at(-1);
  const before = attempts.find((one) => one.number === (chosen?.number ?? 0) - 1);
  return (
    <div className="stack tight">
      <div className="row wrap" role="group" aria-label="Attempts">
        {attempts.map((one) => <button key={one.number} aria-pressed={one === chosen} className={one === chosen ? undefined : "quiet"} onClick={() => onAttempt(one.number)}>{one.number}<Status of={one.status} /></button>)}
      </div>
      {chosen && <p className="muted">{clock(chosen.started_at)} – {clock(chosen.ended_at)}{chosen.started_at && chosen.ended_at ? `, ${duration(Date.parse(chosen.ended_at) - Date.parse(chosen.started_at))}` : ""}</p>}
      {chosen?.error && <div className="error-box"><pre>{chosen.error}</pre></div>}
      {chosen && before ? (
        <>
          <h3>Output, from attempt {before.number} to {chosen.number}</h3>
          <Diff of={changes(before.output, chosen.output)} />
          {before.input !== undefined && <><h3>Input</h3><Diff of={changes(before.input, chosen.input)} same="The same input" /></>}
        </>
      ) : chosen && <><h3>Output</h3>{value(chosen.output, "It gave nothing.")}</>}
    </div>
  );
}

function Facts({ run }: { run: Run }): ReactNode {
  return (
    <dl className="facts">
      <dt>Run</dt><dd className="mono">{run.run_id}</dd>
      <dt>External id</dt><dd>{run.external_id ?? "–"}</dd>
      {run.legacy_trace_id ? <><dt>Old id</dt><dd>{run.legacy_trace_id}</dd></> : null}
      <dt>Moved by</dt><dd>{run.driver}</dd>
      <dt>Created</dt><dd>{moment(run.created_at)}</dd>
      <dt>Started</dt><dd>{moment(run.started_at)}</dd>
      <dt>Ended</dt><dd>{moment(run.ended_at)}</dd>
      <dt>Priority</dt><dd>{run.priority ?? 0}</dd>
      <dt>Tags</dt><dd>{run.tags.join(", ") || "–"}</dd>
    </dl>
  );
}

/** The one step; the API and the command line give a run whole. */
function sqlOf(step: Step): string {
  return `select * from mainstem.user_workflow_run_step\n where run_id = '${step.run_id}' and step_number = ${step.step_number};`;
}
