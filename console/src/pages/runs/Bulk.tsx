import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { Refused, tell } from "~/api/client";
import { count } from "~/api/formats";
import type { BulkAnswer, RefusedRun } from "~/api/types";
import { said } from "~/components/Ask";
import { Dialog } from "~/components/Dialog";
import { Trouble } from "~/components/Trouble";
import { told } from "./told";
import { RunTable } from "./RunTable";

const ACTIONS = { retry: "Retry", cancel: "Cancel", resume: "Resume" } as const;
type Action = keyof typeof ACTIONS;
const EFFECTS: Record<Action, string> = {
  retry: "Of each, what was completed is kept, and what failed is done again.",
  cancel: "No step of them starts any more. A cancelled run cannot be brought back.",
  resume: "Those that are paused go on after their last recorded step.",
};

interface Doing { asked: number; refused: RefusedRun[]; over: boolean }

/** The same asked of all that a filter finds: first only how many and which, then batch after batch. */
export function Bulk({ q, close }: { q: string; close: () => void }): ReactNode {
  const queries = useQueryClient();
  const [action, setAction] = useState<Action>("retry");
  const [plan, setPlan] = useState<BulkAnswer | null>(null);
  const [doing, setDoing] = useState<Doing | null>(null);
  const [trouble, setTrouble] = useState<Error | null>(null);
  const tried = async (act: () => Promise<void>): Promise<void> => {
    setTrouble(null);
    await act().catch((error: unknown) => (error instanceof Refused ? setTrouble(error) : Promise.reject(error)));
  };
  const look = (): Promise<void> => tried(async () => setPlan(await tell<BulkAnswer>("/runs/bulk", { action, q, dry_run: true })));
  const act = (reason: string | null): Promise<void> => tried(async () => {
    let done: Doing = { asked: 0, refused: [], over: false };
    for (let next: string | null = null, first = true; first || next; first = false) {
      setDoing(done);
      const answer: BulkAnswer = await tell("/runs/bulk", { action, q, dry_run: false, page_token: next, reason });
      done = { asked: done.asked + answer.asked, refused: [...done.refused, ...answer.refused], over: !answer.next };
      next = answer.next;
    }
    setDoing(done);
    void queries.invalidateQueries();
  });
  const submit = (event: React.FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    void (plan ? act(said(new FormData(event.currentTarget), "reason")) : look());
  };
  return (
    <Dialog title="Ask all that match" close={close} wide>
      <form className="inside form" onSubmit={submit}>
        <p><code>{q}</code></p>
        {doing ? <Done of={doing} /> : (
          <>
            <label>What<select value={action} disabled={plan !== null} onChange={(event) => setAction(event.target.value as Action)}>{Object.entries(ACTIONS).map(([key, name]) => <option key={key} value={key}>{name}</option>)}</select></label>
            <p className="muted">{EFFECTS[action]} A run of which it cannot be asked is left out, and named.</p>
            {plan && <Plan of={plan} />}
            {plan && action === "cancel" && <label>Reason, kept with the runs<input name="reason" maxLength={2000} /></label>}
          </>
        )}
        <Trouble of={trouble} />
        <div className="ends">
          {doing ? <button type="button" className="primary" disabled={!doing.over && !trouble} onClick={close}>Close</button> : <button type="button" onClick={close}>Leave it</button>}
          {!doing && (plan ? <button type="submit" className={action === "cancel" ? "danger" : "primary"} disabled={!plan.matched?.value}>{ACTIONS[action]} {plan.matched ? told(plan.matched) : ""} {plan.matched?.value === 1 ? "run" : "runs"}</button> : <button type="submit" className="primary">Look first</button>)}
        </div>
      </form>
    </Dialog>
  );
}

function Plan({ of }: { of: BulkAnswer }): ReactNode {
  const { matched, first } = of;
  if (!matched?.value) return <p role="status">The filter finds no run. Nothing would be done.</p>;
  return <><p role="status"><strong>{told(matched)} {matched.value === 1 ? "run matches" : "runs match"}.</strong> Nothing is done yet.{first.length < matched.value && ` The first ${first.length}:`}</p><RunTable runs={first} label="Runs that match" /></>;
}

function Done({ of }: { of: Doing }): ReactNode {
  return (
    <>
      <p role="status">{of.over ? "Done" : "At it"}: {count(of.asked - of.refused.length)} of {count(of.asked)} asked.{of.refused.length > 0 && ` ${count(of.refused.length)} refused:`}</p>
      {of.refused.slice(0, 10).map((one) => <p key={one.run_id}><code>{one.code}</code> {one.message}</p>)}
      {of.refused.length > 10 && <p className="muted">and {count(of.refused.length - 10)} more.</p>}
    </>
  );
}
