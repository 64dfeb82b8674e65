import { useState, type ReactNode } from "react";
import { ask, tell } from "~/api/client";
import { count } from "~/api/formats";
import type { Counted, Schedule } from "~/api/types";
import { Ask } from "~/components/Ask";
import { Dialog } from "~/components/Dialog";
import { Trouble } from "~/components/Trouble";

interface Range { since: string; before: string; count: number }

/** Past times of a range: first how many have no run, then as many are begun. */
export function Backfill({ of, close }: { of: Schedule; close: () => void }): ReactNode {
  const [range, setRange] = useState<Range | null>(null);
  const path = `/schedules/${of.schedule_id}/backfill`;
  if (range) {
    const { count: number } = range;
    return (
      <Ask key="begin" title={`Make up for ${of.name}`} verb={number ? `Begin ${count(number)} ${number === 1 ? "run" : "runs"}` : "Nothing to begin"} close={close} send={async () => (number ? tell<unknown>(path, range) : null)}
        says={<p role="status"><strong>{count(number)} {number === 1 ? "time has" : "times have"} no run</strong> from {range.since} to {range.before}. {number > 0 && "All begin at once, whatever the overlap policy says; when there are not as many any more, none does."}</p>} />
    );
  }
  return <RangeAsk of={of} close={close} path={path} onRange={setRange} />;
}

function RangeAsk({ of, close, path, onRange }: { of: Schedule; close: () => void; path: string; onRange: (range: Range) => void }): ReactNode {
  const [trouble, setTrouble] = useState<Error | null>(null);
  const look = async (event: React.FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [since, before] = ["since", "before"].map((name) => new Date(String(form.get(name))).toISOString()) as [string, string];
    try {
      onRange({ since, before, count: (await ask<Counted>(path, { since, before })).count });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      setTrouble(error);
    }
  };
  return (
    <Dialog title={`Make up for ${of.name}`} close={close}>
      <form className="inside form" onSubmit={(event) => void look(event)}>
        <p>Times in the range that have a run get no other. First they are counted; nothing begins.</p>
        <label>From<input name="since" type="datetime-local" required defaultValue={local(of.now, -7)} /></label>
        <label>Before<input name="before" type="datetime-local" required defaultValue={local(of.now, 0)} /></label>
        <Trouble of={trouble} />
        <div className="ends"><button type="button" onClick={close}>Leave it</button><button type="submit" className="primary">Count them</button></div>
      </form>
    </Dialog>
  );
}

/** As the field has it: minutes, in the reader's zone. */
function local(time: string, days: number): string {
  const at = new Date(Date.parse(time) + days * 86_400_000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
