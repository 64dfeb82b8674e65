import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useState, type ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { address } from "~/api/client";
import { moment } from "~/api/formats";
import { listed, rowsOf } from "~/api/pages";
import type { Facets as Values, Histogram, RunCount } from "~/api/types";
import { HistogramLegend, HistogramTable, RunHistogram } from "~/charts/RunHistogram";
import { ChartFrame } from "~/charts/ChartFrame";
import { Answer } from "~/components/Answer";
import { CopyAs, worded } from "~/components/CopyAs";
import { More } from "~/components/More";
import { Page } from "~/components/Page";
import { Panel } from "~/components/Panel";
import { clausesOf, within } from "~/filter/clauses";
import { QueryBar } from "~/filter/QueryBar";
import { useNews } from "~/live/context";
import { Bulk } from "./Bulk";
import { Facets } from "./Facets";
import { PAGE, useRunList } from "./list";
import { RunTable } from "./RunTable";
import { told } from "./told";

const route = getRouteApi("/runs");

export function Runs(): ReactNode {
  const { q = "", sort } = route.useSearch();
  const navigate = useNavigate({ from: "/runs" });
  const onAsk = useCallback((next: string) => void navigate({ search: (before) => ({ ...before, q: next || undefined }) }), [navigate]);
  const facets = useAsk<Values>("/runs/facets", { q }, { keep: true });
  const histogram = useAsk<Histogram>("/runs/histogram", { q }, { keep: true });
  return (
    <Page title="Runs" beside={<Count q={q} />}>
      <QueryBar q={q} onAsk={onAsk} {...(facets.data ? { facets: facets.data } : {})} />
      <Answer of={histogram} what="history">
        {(data) => <ChartFrame title="Over time" chart={<RunHistogram of={data} onRange={(from, to) => onAsk(within(q, from, to))} />} table={<HistogramTable of={data} />} aside={<><span className="wide"><HistogramLegend /></span>{/* no SQL: the server makes the spans of what it found; no command prints them */}<CopyAs at={address("/runs/histogram", { q })} sql={false} json={data.buckets} /></>} />}
      </Answer>
      <div className="with-rail">
        <aside aria-label="Facets" className="wide"><Answer of={facets} what="facets">{(data) => <Facets of={data} q={q} onAsk={onAsk} />}</Answer></aside>
        <Listed q={q} sort={sort} onAsk={onAsk} />
      </div>
    </Page>
  );
}

function Listed({ q, sort, onAsk }: { q: string; sort: string | undefined; onAsk: (q: string) => void }): ReactNode {
  const list = useRunList(q, sort);
  const [asking, setAsking] = useState(false);
  const runs = useMemo(() => rowsOf(list, (page) => page.runs), [list.data]);
  const ids = useMemo(() => new Set(runs.map((run) => run.run_id)), [runs]);
  const { news, forget } = useNews(useCallback((id: string) => ids.has(id), [ids]));
  const refresh = (): void => {
    forget();
    void list.refetch();
  };
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = list;
  const more = useCallback(() => void (hasNextPage && !isFetchingNextPage && fetchNextPage()), [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const end = useCallback(() => (isFetchNextPageError ? undefined : more()), [isFetchNextPageError, more]);
  const backTo = list.data?.pages.at(-1)?.searched_back_to;
  return (
    <Panel title={sort ? `Runs by ${sort}` : "Latest first"} aside={<>{news > 0 && <button className="pill new" onClick={refresh}>{news} new</button>}{q && <button className="quiet" onClick={() => setAsking(true)}>Ask all…</button>}<a className="button quiet" href={address("/runs/export", { q, sort, format: "csv" })}>CSV</a><CopyAs at={address("/runs", { q, sort, page_size: PAGE })} cli={commandOf(q, sort)} json={runs} /></>}>
      <Answer of={listed(list)} what="runs" isEmpty={() => runs.length === 0} empty={{ title: "No runs yet", children: <><p>Start one of the workflows, or run the demo:</p><code>mainstem demo</code></> }} filtered={q ? { title: "No run matches", children: <Clauses q={q} onAsk={onAsk} /> } : null}>
        {() => <RunTable runs={runs} tall onEnd={end} />}
      </Answer>
      {backTo && <p className="stale"><strong>Searched back to {moment(backTo)}</strong><span>The rest would take longer than a query may. A clause on time, workflow or status makes it quick.</span>{hasNextPage && <button className="quiet" onClick={more}>Search further back</button>}</p>}
      {asking && <Bulk q={q} close={() => setAsking(false)} />}
      {(!backTo || isFetchNextPageError) && <More of={list} what="runs" shown={runs.length} />}
    </Panel>
  );
}

/** A filter may begin with a minus, and so stands after the end of the options. */
function commandOf(q: string, sort: string | undefined): string {
  return `mainstem runs list --limit ${PAGE}${sort ? ` --sort=${worded(sort)}` : ""}${q ? ` -- ${worded(q)}` : ""}`;
}

/** Which clause took everything away: each with the count that would be there without it. */
function Clauses({ q, onAsk }: { q: string; onAsk: (q: string) => void }): ReactNode {
  const clauses = clausesOf(q);
  return (
    <>
      <div className="stack tight">{clauses.slice(0, 6).map((one) => <Without key={one.from} q={q.slice(0, one.from) + q.slice(one.to)} clause={one.text} onAsk={onAsk} />)}</div>
      <button onClick={() => onAsk("")}>Clear the filter</button>
    </>
  );
}

function Without({ q, clause, onAsk }: { q: string; clause: string; onAsk: (q: string) => void }): ReactNode {
  const trimmed = q.replaceAll(/\s+/g, " ").trim();
  const counted = useAsk<RunCount>("/runs/count", { q: trimmed });
  return <p>without <code>{clause}</code>: <button className="bare link" onClick={() => onAsk(trimmed)}>{counted.data ? told(counted.data) : "…"} runs</button></p>;
}

function Count({ q }: { q: string }): ReactNode {
  const counted = useAsk<RunCount>("/runs/count", { q }, { keep: true });
  return counted.data ? <span className="muted">{told(counted.data)}{q ? " match" : " in all"}</span> : null;
}
