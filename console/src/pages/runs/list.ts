import { usePages, type Pages } from "~/api/pages";
import type { RunPage } from "~/api/types";

export const PAGE = 100;

/** Under a key of its own: the feed changes its rows where they stand. */
export function useRunList(q: string, sort?: string): Pages<RunPage> {
  return usePages<RunPage>("/runs", { q, sort, page_size: PAGE }, { key: ["run-list", q, sort] });
}
