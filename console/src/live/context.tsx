import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useState, useSyncExternalStore, type ReactNode } from "react";
import type { RunPage } from "~/api/types";
import { Feed, type FeedState, type Lost, type Told } from "./feed";
import { mergeFrame } from "./merge";

const feed = new Feed();
const FeedContext = createContext(feed);

/** What a run that moves may change, besides itself. */
const MOVED = ["home", "approvals", "schedules"];

/** Starts the feed and lets what it tells into the cache. Details are asked for again at most twice a second. */
export function Live({ children }: { children: ReactNode }): ReactNode {
  const queries = useQueryClient();
  useEffect(() => {
    const settle = settler(queries);
    const quiet = feed.listen((told) => {
      if (told.kind === "run") mergePages(queries, told);
      settle(told);
    });
    feed.start();
    return () => {
      quiet();
      feed.stop();
    };
  }, [queries]);
  return <FeedContext value={feed}>{children}</FeedContext>;
}

function mergePages(queries: QueryClient, told: Told): void {
  queries.setQueriesData<{ pages: RunPage[]; pageParams: unknown[] }>({ queryKey: ["run-list"] }, (data) =>
    data && { ...data, pages: data.pages.map((page) => mergeFrame(page, told.frame).page) },
  );
}

function settler(queries: QueryClient): (told: Told | Lost) => void {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const touched = new Set<string>();
  let all = false;
  const flush = (): void => {
    waiting = undefined;
    for (const run of touched) void queries.invalidateQueries({ queryKey: ["runs", run] });
    if (all) void queries.invalidateQueries();
    else for (const moved of MOVED) void queries.invalidateQueries({ queryKey: [moved] });
    touched.clear();
    all = false;
  };
  return (told) => {
    if (told.kind === "run") touched.add(told.frame.run_id);
    else all = true;
    waiting ??= setTimeout(flush, 500);
  };
}

export function useFeedState(): { state: FeedState; feed: Feed } {
  const source = useContext(FeedContext);
  return { state: useSyncExternalStore(source.watch, source.get), feed: source };
}

/** How many runs the feed told of that `knows` does not have, since the last `forget`. */
export function useNews(knows: (runId: string) => boolean): { news: number; forget: () => void } {
  const source = useContext(FeedContext);
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set());
  useEffect(
    () =>
      source.listen((told) => {
        if (told.kind === "run" && !knows(told.frame.run_id)) setSeen((before) => new Set(before).add(told.frame.run_id));
      }),
    [source, knows],
  );
  return { news: seen.size, forget: () => setSeen(new Set()) };
}
