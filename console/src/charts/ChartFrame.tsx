import { useState, type ReactNode } from "react";
import { Panel } from "~/components/Panel";

/** A chart and the table that says the same: one button between them, and what assistive technology reads is the table's caption. */
export function ChartFrame({ title, chart, table, aside, legend }: { title: string; chart: ReactNode; table: ReactNode; aside?: ReactNode; legend?: ReactNode }): ReactNode {
  const [asTable, setAsTable] = useState(false);
  return (
    <Panel title={title} aside={<>{aside}<button className="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>{asTable ? "Chart" : "Table"}</button></>}>
      {asTable ? table : <div className="inside stack tight">{chart}{legend}</div>}
    </Panel>
  );
}
