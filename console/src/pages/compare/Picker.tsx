import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { address } from "~/api/client";
import { shortId } from "~/api/formats";
import type { Run, RunPage } from "~/api/types";
import { Ago } from "~/components/Ago";
import { Answer } from "~/components/Answer";
import { CopyAs, worded } from "~/components/CopyAs";
import { Panel } from "~/components/Panel";
import { Status } from "~/components/Status";
import { Table } from "~/components/Table";
import { quoted } from "~/filter/clauses";

/** One side is known or none: offers runs for the other, first those that went well where this one did not. */
export function Picker({ known, side, onPick }: { known: string | undefined; side: "a" | "b"; onPick: (runId: string) => void }): ReactNode {
  const other = useAsk<Run>(`/runs/${known ?? ""}`, {}, { enabled: known !== undefined });
  const [text, setText] = useState("");
  const wanted = other.data ? `workflow:${quoted(other.data.workflow)} channel:${other.data.channel}${other.data.status === "completed" ? "" : " status:completed"}` : "";
  const asked = { q: text || wanted, page_size: 8 };
  const found = useAsk<RunPage>("/runs", asked, { enabled: known === undefined || other.data !== undefined, keep: true });
  return (
    <Panel title={known ? `Compare ${shortId(known)} with` : "Choose the first run"} aside={<><input aria-label="Filter" placeholder={wanted || "status:failed"} value={text} onChange={(event) => setText(event.target.value)} style={{ width: 280, maxWidth: "60vw" }} /><CopyAs at={address("/runs", asked)} cli={`mainstem runs list --limit 8${asked.q ? ` -- ${worded(asked.q)}` : ""}`} json={found.data?.runs} /></>}>
      <Answer of={known !== undefined && other.data === undefined ? (other as never) : found} what="runs" isEmpty={(data: RunPage) => data.runs.filter((run) => run.run_id !== known).length === 0} empty={{ title: "No run to compare", children: <p>Two runs are needed.</p> }} filtered={text || wanted ? { title: "No run matches", children: <p>Change the filter above, or start from <Link className="link" to="/runs">Runs</Link>.</p> } : null}>
        {(data: RunPage) => (
          <Table label={`Runs for side ${side.toUpperCase()}`} rows={data.runs.filter((run) => run.run_id !== known)} keyOf={(run) => run.run_id} onOpen={(run) => onPick(run.run_id)} columns={[
            { key: "status", head: "Status", width: "116px", cell: (run) => <Status of={run.status} /> },
            { key: "run", head: "Run", cell: (run) => <button className="bare link" onClick={() => onPick(run.run_id)}>{run.workflow} <span className="mono">{shortId(run.run_id)}</span></button> },
            { key: "channel", head: "Channel", wide: true, cell: (run) => <span className="tag">{run.channel}</span> },
            { key: "started", head: "Started", num: true, cell: (run) => <Ago at={run.started_at} /> },
          ]} />
        )}
      </Answer>
    </Panel>
  );
}
