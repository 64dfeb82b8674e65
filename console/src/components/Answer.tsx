import type { ReactNode } from "react";
import type { Asked } from "~/api/asking";
import type { Refused } from "~/api/client";
import { span } from "~/api/formats";
import { KeyForm } from "./KeyForm";
import { useNow } from "./now";

export interface Emptiness { title: string; children?: ReactNode }

interface Props<T> {
  of: Asked<T>;
  what: string;
  isEmpty?: (data: T) => boolean;
  empty?: Emptiness;
  /** Given when something narrows the view: then nothing found is not "there is nothing". */
  filtered?: Emptiness | null;
  children: (data: T) => ReactNode;
}

/** The five states of whatever is asked for: loading, empty, empty under this filter, failed, stale. */
export function Answer<T>({ of, what, isEmpty, empty, filtered, children }: Props<T>): ReactNode {
  if (of.data === undefined) return of.error ? <Failed error={of.error} what={what} retry={() => void of.refetch()} /> : <Loading what={what} />;
  const nothing = isEmpty?.(of.data) ?? false;
  return (
    <>
      {of.error && <Stale what={what} error={of.error} since={of.dataUpdatedAt} retry={() => void of.refetch()} />}
      {nothing ? <Nothing state={filtered ? "filtered" : "empty"} {...(filtered ?? empty ?? { title: `No ${what}` })} /> : children(of.data)}
    </>
  );
}

export function Loading({ what }: { what: string }): ReactNode {
  return (
    <div className="bones" role="status" data-state="loading">
      <span className="unseen">Loading {what}</span>
      {[72, 88, 54, 80].map((width) => <i key={width} style={{ width: `${width}%` }} />)}
    </div>
  );
}

function Nothing({ title, children, state }: Emptiness & { state: string }): ReactNode {
  return (
    <div className="state" data-state={state}>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Failed({ error, what, retry }: { error: Refused; what: string; retry: () => void }): ReactNode {
  const { problem } = error;
  return (
    <div className="state failed" role="alert" data-state="failed">
      <h2>The {what} could not be read</h2>
      <p>{problem.detail}</p>
      {problem.errors.map((one) => <p key={one.pointer}><code>{one.pointer}</code> {one.detail}</p>)}
      {problem.hint && <p className="muted">{problem.hint}</p>}
      {problem.status === 401 && <KeyForm />}
      <div className="row">
        <button onClick={retry}>Try again</button>
        <code className="muted">{problem.code}{problem.status ? ` · ${problem.status} ${problem.title}` : ""}</code>
      </div>
    </div>
  );
}

function Stale({ what, error, since, retry }: { what: string; error: Refused; since: number; retry: () => void }): ReactNode {
  const now = useNow();
  return (
    <div className="stale" role="status" data-state="stale">
      <strong>Stale</strong>
      <span>These {what} are {span(Math.max(0, (now - since) / 1000))} old: {error.problem.detail} <code>{error.problem.code}</code></span>
      <button className="quiet" onClick={retry}>Try again</button>
    </div>
  );
}
