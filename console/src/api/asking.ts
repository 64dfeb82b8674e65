import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { ask, Refused, type Params } from "./client";

export interface Asking { every?: number; keep?: boolean; enabled?: boolean }

/** What is asked for, as far as it has come: of one answer, or of all the pages of a list. */
export interface Asked<T> { data: T | undefined; error: Refused | null; dataUpdatedAt: number; refetch: () => unknown }

/** One GET as a live value. The key begins with the path's words, so the feed can invalidate by resource. */
export function useAsk<T>(path: string, params: Params = {}, asking: Asking = {}): UseQueryResult<T, Refused> {
  return useQuery<T, Refused>({
    queryKey: keyOf(path, params),
    queryFn: ({ signal }) => ask<T>(path, params, signal),
    enabled: asking.enabled ?? true,
    ...(asking.every ? { refetchInterval: asking.every } : {}),
    ...(asking.keep ? { placeholderData: keepPreviousData } : {}),
  });
}

export function keyOf(path: string, params: Params = {}): unknown[] {
  return [...path.split("/").filter(Boolean), params];
}
