import { useInfiniteQuery, type InfiniteData, type UseInfiniteQueryResult } from "@tanstack/react-query";
import { keyOf, type Asked, type Asking } from "./asking";
import { ask, type Params, type Refused } from "./client";

/** A page of a list; `next` is where the following one begins. */
export interface Paged { next?: string | null }
export type Pages<P> = UseInfiniteQueryResult<InfiniteData<P>, Refused>;

/** A list that the API gives by pages: those that were asked for so far. Asked anew, each begins where the one before it ends by then. */
export function usePages<P extends Paged>(path: string, params: Params = {}, asking: Pick<Asking, "every"> & { key?: unknown[] } = {}): Pages<P> {
  return useInfiniteQuery<P, Refused, InfiniteData<P>, unknown[], string | null>({
    queryKey: asking.key ?? [...keyOf(path, params), "pages"],
    queryFn: ({ pageParam, signal }) => ask<P>(path, { ...params, page_token: pageParam }, signal),
    initialPageParam: null,
    getNextPageParam: (page) => page.next ?? null,
    ...(asking.every ? { refetchInterval: asking.every } : {}),
  });
}

export function rowsOf<P, T>(of: Pages<P>, pick: (page: P) => T[]): T[] {
  return of.data?.pages.flatMap(pick) ?? [];
}

/** Without the failure of a page that was to follow: what is there is no older for that. */
export function listed<P>(of: Pages<P>): Asked<InfiniteData<P>> {
  return { data: of.data, error: of.isFetchNextPageError ? null : of.error, dataUpdatedAt: of.dataUpdatedAt, refetch: of.refetch };
}
