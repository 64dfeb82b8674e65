import { getRouteApi, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { address } from "~/api/client";
import { count, span } from "~/api/formats";
import type { Consolidation, Parity, Phase, Reader } from "~/api/types";
import { Ago } from "~/components/Ago";
import { Answer } from "~/components/Answer";
import { CopyAs, curlOf } from "~/components/CopyAs";
import { Page } from "~/components/Page";
import { Panel } from "~/components/Panel";
import { Status } from "~/components/Status";
import { Table, type Column } from "~/components/Table";

const route = getRouteApi("/consolidations");

export function Consolidations(): ReactNode {
  const { system } = route.useSearch();
  const navigate = useNavigate({ from: "/consolidations" });
  const asked = useAsk<{ consolidations: Consolidation[] }>("/consolidations", {}, { every: 5000 });
  return (
    <Page title="Consolidations">
      <Answer of={asked} what="consolidations" isEmpty={(data) => data.consolidations.length === 0} empty={{ title: "No old system is being brought home", children: <><p>This looks for run tables in a database and says what it found:</p><code>mainstem consolidate inspect</code></> }}>
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
  return (
    <>
      <Gate of={of} />
      <Panel title="Phases"><Phases of={of.phases} /></Panel>
      <Panel title="Parity" aside={<><Drift of={of.drift} /><CopyAs curl={curlOf(address(`/consolidations/${of.system}`))} cli={`mainstem consolidate verify ${of.system}`} sql={`select * from mainstem.consolidation where system = '${of.system}';`} json={of.parity} /></>}>
        {of.parity.length ? <Table label="Parity" rows={of.parity} columns={PARITY} keyOf={(row) => row.table} /> : <div className="state"><h2>Nothing is copied yet</h2></div>}
      </Panel>
      <div className="two">
        <Panel title="Readers of the old names">{of.readers.length ? <Table label="Readers of the old names" rows={of.readers} columns={READERS} keyOf={(row) => row.name} /> : <div className="state"><p>Nobody has read them since cut-over.</p></div>}</Panel>
        <Panel title="The way back" inside>
          <div className="stack tight">
            <Status of={of.rollback.possible ? (of.rollback.lossless ? "ok" : "warning") : "error"} word={of.rollback.possible ? (of.rollback.lossless ? "Back without loss" : "Back, with losses") : "No way back"} />
            {of.rollback.losses.length > 0 && <ul style={{ margin: 0, paddingLeft: 18 }}>{of.rollback.losses.map((one) => <li key={one}>{one}</li>)}</ul>}
            <code>mainstem consolidate rollback {of.system}</code>
          </div>
        </Panel>
      </div>
    </>
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

export function stateOf(phases: Phase[], index: number): "done" | "now" | "later" {
  const entered = phases.filter((phase) => phase.entered_at !== null).length;
  return index < entered - 1 ? "done" : index === entered - 1 ? "now" : "later";
}

function Phases({ of }: { of: Phase[] }): ReactNode {
  return (
    <ol className="phases" tabIndex={0} aria-label="Phases">
      {of.map((phase, index) => (
        <li key={phase.name} data-state={stateOf(of, index)} aria-current={stateOf(of, index) === "now" ? "step" : undefined}>
          <div>{phase.name}</div>
          <div className="muted">{stateOf(of, index) === "done" ? span(phase.seconds ?? 0) : stateOf(of, index) === "now" ? <>since <Ago at={phase.entered_at} /></> : ""}</div>
          {Object.entries(phase.facts).map(([name, value]) => <div key={name} className="muted nowrap">{name.replaceAll("_", " ")}: {typeof value === "number" ? count(value) : String(value)}</div>)}
        </li>
      ))}
    </ol>
  );
}

function Drift({ of }: { of: number }): ReactNode {
  return of ? <Status of="waiting" word={`${count(of)} changes since the last check`} /> : <Status of="ok" word="No drift" />;
}

const PARITY: Column<Parity>[] = [
  { key: "table", head: "Old table", cell: (row) => <code>{row.table}</code> },
  { key: "target", head: "Now in", wide: true, cell: (row) => <code>{row.target}</code> },
  { key: "old", head: "Old rows", num: true, cell: (row) => count(row.old_rows) },
  { key: "new", head: "New rows", num: true, cell: (row) => <span className={row.old_rows === row.new_rows ? undefined : "parity-no"}>{count(row.new_rows)}</span> },
  { key: "digest", head: "Digest", cell: (row) => (row.digest_equal === null ? <span className="muted">not compared</span> : row.digest_equal ? <Status of="ok" word="equal" /> : <Status of="error" word="differs" />) },
  { key: "at", head: "Checked", num: true, wide: true, cell: (row) => <Ago at={row.checked_at} /> },
];

const READERS: Column<Reader>[] = [
  { key: "name", head: "Reader", cell: (row) => row.name },
  { key: "reads", head: "Reads since cut-over", num: true, cell: (row) => (row.reads_since_cutover ? <strong style={{ color: "var(--timeout)" }}>{count(row.reads_since_cutover)}</strong> : "0") },
];
