import { getRouteApi, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { address } from "~/api/client";
import { count, duration } from "~/api/formats";
import type { Consolidation, Consolidations as All, Entered, Noted, Parity, Quarantined, Reader } from "~/api/types";
import { Ago } from "~/components/Ago";
import { Answer } from "~/components/Answer";
import { CopyAs, worded } from "~/components/CopyAs";
import { JsonView } from "~/components/JsonView";
import { Page } from "~/components/Page";
import { Panel } from "~/components/Panel";
import { Status } from "~/components/Status";
import { Table, type Column } from "~/components/Table";

const route = getRouteApi("/consolidations");

export function Consolidations(): ReactNode {
  const { system } = route.useSearch();
  const navigate = useNavigate({ from: "/consolidations" });
  const asked = useAsk<All>("/consolidations", {}, { every: 5000 });
  return (
    <Page title="Consolidations">
      <Answer of={asked} what="consolidations" isEmpty={(data) => data.consolidations.length === 0} empty={{ title: "No old system is being brought home", children: <><p>{asked.data?.note ?? "This looks for run tables in a database and says what it found:"}</p><code>mainstem consolidate inspect</code></> }}>
        {(data) => {
          const shown = data.consolidations.find((one) => one.system === system) ?? data.consolidations[0];
          return (
            <>
              <div className="row wrap" role="group" aria-label="Systems">
                {data.consolidations.map((one) => <button key={one.system} aria-pressed={one === shown} className={one === shown ? "primary" : undefined} onClick={() => void navigate({ search: { system: one.system } })}>{one.system}<span style={{ opacity: 0.8 }}>{one.phase}</span></button>)}
              </div>
              {shown && <One of={shown} />}
            </>
          );
        }}
      </Answer>
    </Page>
  );
}

function One({ of }: { of: Consolidation }): ReactNode {
  const at = address(`/consolidations/${encodeURIComponent(of.system)}`);
  const [status, report] = ["status", "report"].map((verb) => `mainstem consolidate ${verb} ${worded(of.system)}`);
  return (
    <>
      <Gate of={of} />
      <Panel title="Phases" aside={<>{of.is_held ? <Status of="running" word="at work now" /> : of.next ? <span className="row"><span className="muted wide">next</span><code>{of.next}</code></span> : undefined}<CopyAs at={at} cli={report} json={of.phases} /></>}><Phases of={of.phases} phase={of.phase} /></Panel>
      <Panel title="Parity" aside={<><Drift of={of.drift} /><CopyAs at={at} cli={report} json={of.parity} /></>}>
        {of.parity.length ? <Table label="Parity" rows={of.parity} columns={PARITY} keyOf={(row) => row.table + row.direction} /> : <div className="state"><h2>Nothing is copied yet</h2></div>}
      </Panel>
      <div className="two">
        <Panel title="Readers of the old names" aside={<CopyAs at={at} cli={status} json={of.readers} />}>{of.readers.length ? <Table label="Readers of the old names" rows={of.readers} columns={READERS} keyOf={(row) => row.name} /> : <div className="state"><p>Nobody has read them since cut-over.</p></div>}</Panel>
        <Panel title="The way back" inside>
          <div className="stack tight">
            <Status of={of.rollback.possible ? (of.rollback.lossless ? "ok" : of.rollback.lossless === null ? "pending" : "warning") : "error"} word={of.rollback.possible ? (of.rollback.lossless ? "Back without loss" : of.rollback.lossless === null ? "Back; losses not looked for" : "Back, with losses") : "No way back"} />
            {of.rollback.losses.length > 0 && <ul style={{ margin: 0, paddingLeft: 18 }}>{of.rollback.losses.map((one) => <li key={`${one.table}.${one.column}`}><code>{one.table}.{one.column}</code> in {count(one.rows)} rows: {one.why}</li>)}</ul>}
            {of.rollback.changed_since > 0 && <p className="muted">{count(of.rollback.changed_since)} runs and definitions written since go along.</p>}
            {of.rollback.command && <code>{of.rollback.command}</code>}
          </div>
        </Panel>
      </div>
      {of.quarantine.length > 0 && <Panel title="Set aside by a decision" aside={<CopyAs at={at} cli={status} json={of.quarantine} />}><Table label="Set aside" rows={of.quarantine} columns={QUARANTINE} keyOf={(row) => row.table + row.reason} /></Panel>}
      {/* no command prints the journal */}
      <Panel title="Journal" aside={<CopyAs at={at} json={of.journal} />}><Journal of={of.journal} /></Panel>
    </>
  );
}

/** All of it, the latest first. */
function Journal({ of }: { of: Noted[] }): ReactNode {
  const rows = of.map((one, index) => ({ ...one, index })).reverse();
  if (!rows.length) return <div className="state"><p>Nothing was done yet.</p></div>;
  return (
    <Table label="Journal" rows={rows} keyOf={(row) => String(row.index)} tall={rows.length > 12} columns={[
      { key: "at", head: "Ended", width: "104px", cell: (row) => <Ago at={row.at} /> },
      { key: "what", head: "What", cell: (row) => <>{row.what}<span className="under">{row.phase.replace("_", " ")}</span></> },
      { key: "facts", head: "Facts", wide: true, cell: (row) => <JsonView of={row.facts} depth={2} /> },
    ]} />
  );
}

function Gate({ of }: { of: Consolidation }): ReactNode {
  return (
    <section className="panel" aria-label="Drop gate" style={{ borderLeft: `3px solid var(--${of.can_finish ? "completed" : "waiting"})` }}>
      <div className="inside row wrap">
        <Status of={of.can_finish ? "ok" : "waiting"} word={of.can_finish ? "The drop gate is open" : "The drop gate is closed"} />
        <span className="grow">{of.can_finish ? "Every row is proved to be here, nobody reads the old names, and nothing is written to them." : of.why_not}</span>
        {of.can_finish && <code>mainstem consolidate finish {of.system}</code>}
      </div>
    </section>
  );
}

const LIFE = ["planned", "expanded", "copied", "verified", "cut_over", "finished"];

export function stateOf(phase: string, at: string): "done" | "now" | "later" {
  const [here, there] = [LIFE.indexOf(phase), LIFE.indexOf(at)];
  return there > here || (there === here && phase === "finished") ? "done" : there === here ? "now" : "later";
}

function Phases({ of, phase }: { of: Entered[]; phase: string }): ReactNode {
  return (
    <>
      <ol className="phases" tabIndex={0} aria-label="Phases">
        {LIFE.map((name) => (
          <li key={name} data-state={stateOf(name, phase)} aria-current={stateOf(name, phase) === "now" ? "step" : undefined}>
            {name.replace("_", " ")}<span className="unseen">, {stateOf(name, phase)}</span>
          </li>
        ))}
      </ol>
      {of.length > 0 && <Table label="Work" rows={of} keyOf={(row) => row.name} columns={[
        { key: "name", head: "Work", cell: (row) => row.name },
        { key: "at", head: "Began", cell: (row) => <Ago at={row.entered_at} /> },
        { key: "attempts", head: "Attempts", num: true, wide: true, cell: (row) => count(row.attempts) },
        { key: "took", head: "Took", num: true, cell: (row) => duration(row.seconds * 1000) },
      ]} />}
    </>
  );
}

function Drift({ of }: { of: number }): ReactNode {
  return of ? <Status of="waiting" word={`${count(of)} changes since the last check`} /> : <Status of="ok" word="No drift" />;
}

const PARITY: Column<Parity>[] = [
  { key: "table", head: "Old table", cell: (row) => <code>{row.table}</code> },
  { key: "way", head: "Way", wide: true, cell: (row) => <span title={row.direction === "→" ? "what its rows become" : "what is here, turned back"}>{row.direction}</span> },
  { key: "target", head: "Now in", wide: true, cell: (row) => <code>{row.target}</code> },
  { key: "old", head: "Old rows", num: true, cell: (row) => count(row.old_rows) },
  { key: "new", head: "New rows", num: true, cell: (row) => <span className={row.old_rows === row.new_rows ? undefined : "parity-no"}>{count(row.new_rows)}</span> },
  { key: "digest", head: "Digest", cell: (row) => (row.digest_equal ? <Status of="ok" word="equal" /> : <Status of="error" word="differs" />) },
  { key: "at", head: "Checked", num: true, wide: true, cell: (row) => <Ago at={row.checked_at} /> },
];

const QUARANTINE: Column<Quarantined>[] = [
  { key: "table", head: "Table", cell: (row) => <code>{row.table}</code> },
  { key: "reason", head: "Reason", cell: (row) => row.reason },
  { key: "rows", head: "Rows", num: true, cell: (row) => count(row.rows) },
];

const READERS: Column<Reader>[] = [
  { key: "name", head: "Reader", cell: (row) => row.name },
  { key: "reads", head: "Reads since cut-over", num: true, cell: (row) => (row.reads_since_cutover ? <strong style={{ color: "var(--timeout)" }}>{count(row.reads_since_cutover)}</strong> : "0") },
];
