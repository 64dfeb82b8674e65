import { useInfiniteQuery, type InfiniteData, type UseInfiniteQueryResult } from "@tanstack/react-query";
import { ask, type Refused } from "~/api/client";
import type { RunPage } from "~/api/types";

export type RunList = UseInfiniteQueryResult<InfiniteData<RunPage>, Refused>;

export function useRunList(q: string, sort?: string): RunList {
  return useInfiniteQuery<RunPage, Refused, InfiniteData<RunPage>, unknown[], string | null>({
    queryKey: ["run-list", q, sort],
    queryFn: ({ pageParam, signal }) => ask<RunPage>("/runs", { q, sort, page_size: 100, page_token: pageParam }, signal),
    initialPageParam: null,
    getNextPageParam: (page) => page.next,
  });
}
