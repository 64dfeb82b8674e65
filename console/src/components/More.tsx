import type { ReactNode } from "react";
import { count } from "~/api/formats";
import type { Pages } from "~/api/pages";

/** The way to the rest of a list; a page that could not be read is told of beside those that were. */
export function More<P>({ of, what, shown }: { of: Pages<P>; what: string; shown: number }): ReactNode {
  const follow = (): void => void of.fetchNextPage();
  if (of.isFetchNextPageError)
    return (
      <div className="stale" role="alert" data-state="broken-off">
        <strong>There are more</strong>
        <span>The {what} after these could not be read: {of.error.problem.detail} <code>{of.error.problem.code}</code></span>
        <button className="quiet" onClick={follow}>Try again</button>
      </div>
    );
  if (!of.hasNextPage) return null;
  return (
    <div className="more">
      <button onClick={follow} disabled={of.isFetchingNextPage}>{of.isFetchingNextPage ? "Loading…" : `More ${what}`}</button>
      <span className="muted">{count(shown)} are shown</span>
    </div>
  );
}
