import { useState, type ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { tell } from "~/api/client";
import type { Schedule, WorkflowPage } from "~/api/types";
import { Ask, said } from "~/components/Ask";
import { json } from "~/components/Fields";
import { MISSED, OVERLAP } from "./recurrence";

type Way = "cron" | "every" | "at";
const WAYS: Record<Way, { name: string; says: string; example: string }> = {
  cron: { name: "by cron", says: "Minute, hour, day, month, weekday, by the clocks of the zone", example: "0 6 * * mon-fri" },
  every: { name: "at an interval", says: "Seconds, or ISO 8601: PT15M. Counted from 1970-01-01 in UTC", example: "PT15M" },
  at: { name: "once", says: "A time of the zone, or with an offset", example: "2027-01-01T00:00" },
};

/** A schedule to be, or one that is made the same again but for what is changed: its name stays. */
export function ScheduleForm({ of, close, done }: { of?: Schedule | undefined; close: () => void; done: (made: Schedule) => void }): ReactNode {
  const [way, setWay] = useState<Way>(of?.every ? "every" : of?.at ? "at" : "cron");
  const workflows = useAsk<WorkflowPage>("/workflows", { page_size: 200 });
  const send = async (form: FormData): Promise<Schedule> => {
    const round = said(form, "round") ?? "";
    return tell("/schedules", {
      name: of?.name ?? said(form, "name"), workflow: said(form, "workflow"), [way]: way === "every" && /^\d+$/.test(round) ? Number(round) : round, zone: said(form, "zone"),
      input: json(form, "input", "The input") ?? {}, time_argument: said(form, "time_argument"), channel: of?.channel ?? "web", version: Number(form.get("version")) || 1, queue: said(form, "queue"), priority: Number(form.get("priority")) || 0,
      missed: form.get("missed"), window: of?.window ?? "P1D", overlap: form.get("overlap"),
    });
  };
  return (
    <Ask title={of ? `Change ${of.name}` : "New schedule"} verb={of ? "Change it" : "Make the schedule"} close={close} says={<p>Workers fire it from its next time on, each time once.{of && " What it has begun stays."}</p>} send={send} done={done}>
      {!of && <label>Name<input name="name" required maxLength={255} autoComplete="off" /></label>}
      <label>Workflow<input name="workflow" required defaultValue={of?.workflow} list="schedule-workflows" autoComplete="off" /></label>
      <datalist id="schedule-workflows">{workflows.data?.workflows.map((one) => <option key={one.workflow_id} value={one.name} />)}</datalist>
      <label>Comes round<select value={way} onChange={(event) => setWay(event.target.value as Way)}>{Object.entries(WAYS).map(([key, { name }]) => <option key={key} value={key}>{name}</option>)}</select></label>
      <label>When <small>{WAYS[way].says}</small><input key={way} name="round" required defaultValue={of?.[way] ?? ""} placeholder={WAYS[way].example} spellCheck={false} /></label>
      <label>Time zone<input name="zone" required defaultValue={of?.zone ?? "UTC"} spellCheck={false} /></label>
      <label>Input, as JSON<textarea name="input" rows={3} defaultValue={JSON.stringify(of?.input ?? {}, null, 2)} spellCheck={false} /></label>
      <label>Times that nobody was there for<select name="missed" defaultValue={of?.missed ?? "once"}>{Object.entries(MISSED).map(([key, says]) => <option key={key} value={key}>{says}</option>)}</select></label>
      <label>While the run before is not over<select name="overlap" defaultValue={of?.overlap ?? "skip"}>{Object.entries(OVERLAP).map(([key, says]) => <option key={key} value={key}>{says}</option>)}</select></label>
      <details><summary>Version, queue, priority</summary>
        <div className="form">
          <label>Version<input name="version" type="number" min={1} defaultValue={of?.version ?? 1} /></label>
          <label>Queue<input name="queue" required defaultValue={of?.queue ?? "default"} /></label>
          <label>Priority<input name="priority" type="number" defaultValue={of?.priority ?? 0} /></label>
          <label>Argument that gets the time <small>Empty: none</small><input name="time_argument" defaultValue={of?.time_argument ?? ""} /></label>
        </div>
      </details>
    </Ask>
  );
}
