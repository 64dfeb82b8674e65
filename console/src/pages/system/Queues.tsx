import { useState, type ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { address, tell } from "~/api/client";
import { count } from "~/api/formats";
import type { LimitedQueue } from "~/api/types";
import { Ago } from "~/components/Ago";
import { Answer } from "~/components/Answer";
import { Ask, said } from "~/components/Ask";
import { CopyAs } from "~/components/CopyAs";
import { Status } from "~/components/Status";
import { Table, type Column } from "~/components/Table";
import { spanned } from "~/pages/schedules/recurrence";

type Asked = { what: "limit" | "lift" | "pause" | "resume"; of: LimitedQueue | null };

/** Queues with limits, or paused. They are the installation's: its admins change them. */
export function QueueLimits(): ReactNode {
  const [asked, setAsked] = useState<Asked | null>(null);
  const limits = useAsk<LimitedQueue[]>("/queues", {}, { every: 5000 });
  return (
    <>
      <div className="tools"><h2 className="lead">Limits and pauses</h2><button onClick={() => setAsked({ what: "pause", of: null })}>Pause a queue…</button><button onClick={() => setAsked({ what: "limit", of: null })}>Limit a queue…</button><CopyAs at={address("/queues")} cli="mainstem queues list" json={limits.data} /></div>
      <Answer of={limits} what="limits" isEmpty={(data) => data.length === 0} empty={{ title: "No queue has limits", children: <p>Each is claimed from as fast as workers can.</p> }}>
        {(data) => <Table label="Limits of queues" rows={data} columns={columnsOf(setAsked)} keyOf={(row) => row.queue} />}
      </Answer>
      {asked && <Dialogs {...asked} close={() => setAsked(null)} />}
    </>
  );
}

function columnsOf(ask: (asked: Asked) => void): Column<LimitedQueue>[] {
  const limit = (value: number | null): ReactNode => (value === null ? <span className="muted">no limit</span> : count(value));
  return [
    { key: "queue", head: "Queue", cell: (row) => row.queue },
    { key: "state", head: "State", cell: (row) => (row.paused_at ? <><Status of="paused" /><span className="under"><Ago at={row.paused_at} /></span></> : <Status of="active" word="open" />) },
    { key: "running", head: "At once", num: true, cell: (row) => limit(row.max_running) },
    { key: "key", head: "Per key", num: true, wide: true, cell: (row) => limit(row.per_key_running) },
    { key: "rate", head: "Rate", num: true, wide: true, cell: (row) => (row.rate_count === null || row.rate_per === null ? limit(null) : `${count(row.rate_count)} in ${spanned(row.rate_per)}`) },
    { key: "do", head: "Do", num: true, cell: (row) => <span className="row ending"><button className="quiet" onClick={() => ask({ what: row.paused_at ? "resume" : "pause", of: row })}>{row.paused_at ? "Resume…" : "Pause…"}<span className="unseen"> {row.queue}</span></button><button className="quiet" onClick={() => ask({ what: "limit", of: row })}>Change…<span className="unseen"> {row.queue}</span></button><button className="quiet danger" onClick={() => ask({ what: "lift", of: row })}>Lift…<span className="unseen"> {row.queue}</span></button></span> },
  ];
}

function Dialogs({ what, of, close }: Asked & { close: () => void }): ReactNode {
  const path = (form: FormData): string => `/queues/${encodeURIComponent(of?.queue ?? said(form, "queue") ?? "")}`;
  const name = of ? null : <label>Queue<input name="queue" required autoComplete="off" placeholder="default" /></label>;
  if (what === "limit") return <LimitAsk of={of} path={path} close={close}>{name}</LimitAsk>;
  if (what === "lift") return <Ask title={`Lift the limits of ${of?.queue}?`} verb="Lift them" close={close} says={<p>It is claimed from as fast as workers can, and is paused no more.</p>} send={(form) => tell(path(form), null, {}, "DELETE")} />;
  if (what === "resume") return <Ask title={`Resume ${of?.queue}?`} verb="Resume" close={close} says={<p>Workers claim from it again, within its limits.</p>} send={(form) => tell(`${path(form)}/resume`, null)} />;
  return <Ask title={of ? `Pause ${of.queue}?` : "Pause a queue"} verb="Pause" close={close} says={<p>Nothing is claimed from it, for any tenant, until it is resumed. What is in work goes on.</p>} send={(form) => tell(`${path(form)}/pause`, null)}>{name}</Ask>;
}

function LimitAsk({ of, path, close, children }: { of: LimitedQueue | null; path: (form: FormData) => string; close: () => void; children: ReactNode }): ReactNode {
  const send = async (form: FormData): Promise<unknown> => {
    const number = (field: string): number | null => (said(form, field) === null ? null : Number(form.get(field)));
    const per = said(form, "rate_per");
    return tell(path(form), { max_running: number("max_running"), per_key_running: number("per_key_running"), rate_count: number("rate_count"), rate_per: per !== null && /^\d+$/.test(per) ? Number(per) : per }, {}, "PUT");
  };
  return (
    <Ask title={of ? `Limits of ${of.queue}` : "Limit a queue"} verb="Set these limits" close={close} says={<p>These and no others hold from the next run that is claimed, for every tenant. What is in work goes on. Empty: no limit.</p>} send={send}>
      {children}
      <label>Runs at once<input name="max_running" type="number" min={0} defaultValue={of?.max_running ?? ""} /></label>
      <label>With the same concurrency key<input name="per_key_running" type="number" min={1} defaultValue={of?.per_key_running ?? ""} /></label>
      <label>Runs that begin …<input name="rate_count" type="number" min={1} defaultValue={of?.rate_count ?? ""} /></label>
      <label>… in <small>Seconds, or ISO 8601: PT1M</small><input name="rate_per" defaultValue={of?.rate_per ?? ""} placeholder="PT1M" /></label>
    </Ask>
  );
}
