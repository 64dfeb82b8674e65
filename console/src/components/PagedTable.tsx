import { useCallback, type ReactNode } from "react";
import { listed, type Pages } from "~/api/pages";
import { Answer, type Emptiness } from "./Answer";
import { More } from "./More";
import { Table, type Column } from "./Table";

interface Props<P, T> { of: Pages<P>; rows: T[]; what: string; label: string; columns: Column<T>[]; keyOf: (row: T) => string; onOpen?: (row: T) => void; empty: Emptiness; filtered?: Emptiness | null }

const TALL = 60;

/** A list with all its states and the way to its next page: by a button, and in a long one by going to its end. */
export function PagedTable<P, T>({ of, rows, what, label, columns, keyOf, onOpen, empty, filtered }: Props<P, T>): ReactNode {
  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = of;
  const end = useCallback(() => void (hasNextPage && !isFetching && !isFetchNextPageError && fetchNextPage()), [hasNextPage, isFetching, isFetchNextPageError, fetchNextPage]);
  const tall = rows.length > TALL;
  return (
    <>
      <Answer of={listed(of)} what={what} isEmpty={() => rows.length === 0} empty={empty} filtered={filtered ?? null}>
        {() => <Table label={label} rows={rows} columns={columns} keyOf={keyOf} tall={tall} {...(tall ? { onEnd: end } : {})} {...(onOpen ? { onOpen } : {})} />}
      </Answer>
      <More of={of} what={what} shown={rows.length} />
    </>
  );
}
