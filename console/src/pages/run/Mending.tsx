import { useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { tell } from "~/api/client";
import type { Forked, Run, Step } from "~/api/types";
import { Ask, said } from "~/components/Ask";
import { json } from "~/components/Fields";
import { canAmend, canFork, canRetry, forkSays, retrySays } from "./effects";

export type Mending = "retry" | "fork" | "patch" | "skip";
interface Props { run: Run; step?: Step | undefined; close: () => void }

/** What can be done with one step of a run. */
export function StepActions({ run, step }: { run: Run; step: Step }): ReactNode {
  const [asked, setAsked] = useState<Mending | null>(null);
  const close = (): void => setAsked(null);
  const offered = offers(run, step);
  if (!offered.length) return null;
  return (
    <div className="tools start" role="group" aria-label="Of this step">
      {offered.map(([action, name]) => <button key={action} onClick={() => setAsked(action)}>{name}</button>)}
      {asked === "retry" && <RetryAsk run={run} step={step} close={close} />}
      {asked === "fork" && <ForkAsk run={run} step={step} close={close} />}
      {asked === "patch" && <PatchAsk run={run} step={step} close={close} />}
      {asked === "skip" && <SkipAsk run={run} step={step} close={close} />}
    </div>
  );
}

function offers(run: Run, step: Step): [Mending, string][] {
  return [
    ...(canAmend(run, step) ? ([["patch", "Patch…"], ["skip", "Skip…"]] as [Mending, string][]) : []),
    ...(canRetry(run) ? ([["retry", "Retry here…"]] as [Mending, string][]) : []),
    ...(canFork(run) ? ([["fork", "Fork here…"]] as [Mending, string][]) : []),
  ];
}

function StepChoice({ run, at, none, onPick }: { run: Run; at: number | null; none: string; onPick: (step: number | null) => void }): ReactNode {
  return (
    <label>From
      <select value={at ?? ""} onChange={(event) => onPick(Number(event.target.value) || null)}>
        <option value="">{none}</option>
        {run.steps.map((step) => <option key={step.step_number} value={step.step_number}>step {step.step_number}, {step.node_key ?? "unnamed"}: {step.status}</option>)}
      </select>
    </label>
  );
}

export function RetryAsk({ run, step, close }: Props): ReactNode {
  const [from, setFrom] = useState<number | null>(step?.step_number ?? null);
  return (
    <Ask title="Retry this run?" verb="Retry" close={close} says={<p>{retrySays(run, from)}</p>} send={() => tell(`/runs/${run.run_id}/retry`, { from_step: from })}>
      <StepChoice run={run} at={from} none="what failed" onPick={setFrom} />
    </Ask>
  );
}

export function ForkAsk({ run, step, close }: Props): ReactNode {
  const navigate = useNavigate();
  const [from, setFrom] = useState<number | null>(step?.step_number ?? null);
  const send = async (form: FormData): Promise<Forked> => tell(`/runs/${run.run_id}/fork`, { from_step: from, input: json(form, "input", "The input") ?? null, context: json(form, "context", "The context") ?? null, version: Number(form.get("version")) || null });
  return (
    <Ask title="Fork this run" verb="Begin the fork" close={close} says={<p>{forkSays(run, from)}</p>} send={send} done={({ run_id }) => void navigate({ to: "/runs/$runId", params: { runId: run_id }, search: {} })}>
      <StepChoice run={run} at={from} none="its beginning" onPick={setFrom} />
      <label>Input, as JSON <small>The whole of it; empty: as it was</small><textarea name="input" rows={4} defaultValue={JSON.stringify(run.input_data, null, 2)} spellCheck={false} /></label>
      <label>Context, as JSON <small>Laid over the old one, key by key; empty: as it was</small><textarea name="context" rows={2} placeholder={'{"limit": 500}'} spellCheck={false} /></label>
      <label>Version <small>It began with version {run.workflow_version}</small><input name="version" type="number" min={1} defaultValue={run.workflow_version} /></label>
    </Ask>
  );
}

function GoOn(): ReactNode {
  return <label className="row"><span className="row"><input type="checkbox" name="go_on" defaultChecked className="tick" />Take the run back at once; not, when more is to be mended first</span></label>;
}

function Why(): ReactNode {
  return <label>Reason, kept with the step<input name="reason" maxLength={2000} /></label>;
}

function PatchAsk({ run, step, close }: Props & { step: Step }): ReactNode {
  const send = async (form: FormData): Promise<unknown> => tell(`/runs/${run.run_id}/steps/${step.step_number}/patch`, { output: json(form, "output", "The output") ?? null, reason: said(form, "reason"), go_on: form.get("go_on") === "on" });
  return (
    <Ask title={`Say what step ${step.step_number} gave`} verb="Patch" close={close} says={<p>{step.node_key} is completed with this output, and its code does not run. Its failure stays in its events.</p>} send={send}>
      <label>Output, as JSON<textarea name="output" rows={5} required defaultValue={step.output_data === null ? "" : JSON.stringify(step.output_data, null, 2)} spellCheck={false} /></label>
      <Why /><GoOn />
    </Ask>
  );
}

function SkipAsk({ run, step, close }: Props & { step: Step }): ReactNode {
  const send = async (form: FormData): Promise<unknown> => tell(`/runs/${run.run_id}/steps/${step.step_number}/skip`, { reason: said(form, "reason"), go_on: form.get("go_on") === "on" });
  return (
    <Ask title={`Skip step ${step.step_number}?`} verb="Skip the step" close={close} says={<p>{step.node_key} gives nothing (null) to its run, and its code does not run.</p>} send={send}>
      <Why /><GoOn />
    </Ask>
  );
}
