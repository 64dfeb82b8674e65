import { useState, type ReactNode } from "react";
import { tell } from "~/api/client";
import type { Run } from "~/api/types";
import { Ask, said } from "~/components/Ask";
import { json } from "~/components/Fields";
import { isOver } from "~/live/merge";
import { canFork, canRetry } from "./effects";
import { ForkAsk, RetryAsk } from "./Mending";
import { stoppedBefore } from "./Stopped";
import { waitOf } from "./Waiting";

type Action = "cancel" | "retry" | "resume" | "signal" | "fork";

export function Actions({ run }: { run: Run }): ReactNode {
  const [asked, setAsked] = useState<Action | null>(null);
  const close = (): void => setAsked(null);
  return (
    <>
      {possible(run).map((action) => <button key={action} className={action === "cancel" ? "danger" : undefined} onClick={() => setAsked(action)}>{NAMES[action]}</button>)}
      {asked === "cancel" && <CancelAsk run={run} close={close} />}
      {asked === "retry" && <RetryAsk run={run} close={close} />}
      {asked === "fork" && <ForkAsk run={run} close={close} />}
      {asked === "resume" && <ResumeAsk run={run} close={close} />}
      {asked === "signal" && <SignalAsk run={run} close={close} />}
    </>
  );
}

const NAMES: Record<Action, string> = { cancel: "Cancel…", retry: "Retry…", resume: "Resume…", signal: "Signal…", fork: "Fork…" };

export function possible(run: Run): Action[] {
  const fork = canFork(run) ? (["fork"] as const) : [];
  if (isOver(run.status)) return [...(canRetry(run) ? (["retry"] as const) : []), ...fork];
  const stopped = stoppedBefore(run) !== undefined;
  return [...(run.status !== "paused" ? [] : stopped ? (["retry"] as const) : (["resume", "retry"] as const)), ...fork, "signal", "cancel"];
}

function CancelAsk({ run, close }: { run: Run; close: () => void }): ReactNode {
  return (
    <Ask title="Cancel this run?" verb="Cancel the run" danger close={close} says={<p>The step in progress may finish; none starts after it. A cancelled run cannot be brought back.</p>} send={(form) => tell(`/runs/${run.run_id}/cancel`, { reason: said(form, "reason") })}>
      <label>Reason, kept with the run<input name="reason" /></label>
    </Ask>
  );
}

function ResumeAsk({ run, close }: { run: Run; close: () => void }): ReactNode {
  return <Ask title="Resume this run?" verb="Resume" close={close} says={<p>It goes back into the queue and continues after its last recorded step.</p>} send={() => tell(`/runs/${run.run_id}/resume`, null)} />;
}

function SignalAsk({ run, close }: { run: Run; close: () => void }): ReactNode {
  const awaited = run.steps.map((step) => (step.status === "waiting" ? waitOf(step)["signal"] : null)).find((name) => typeof name === "string");
  const send = async (form: FormData): Promise<unknown> => tell(`/runs/${run.run_id}/signals/${encodeURIComponent(said(form, "name") ?? "")}`, json(form, "payload", "What it brings") ?? null);
  return (
    <Ask title="Signal this run" verb="Send" close={close} says={<p>A run that waits for this signal goes on; one that does not keeps it until it asks.</p>} send={send}>
      <label>Name of the signal<input name="name" required defaultValue={typeof awaited === "string" ? awaited : ""} /></label>
      <label>What it brings, as JSON <small>May be empty</small><textarea name="payload" rows={3} spellCheck={false} /></label>
    </Ask>
  );
}
