import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState, type ReactNode } from "react";

export interface Column<T> {
  key: string;
  head: string;
  cell: (row: T) => ReactNode;
  num?: boolean;
  /** Left out where the window is narrow. */
  wide?: boolean;
  width?: string;
}

interface Props<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  keyOf: (row: T) => string;
  onOpen?: (row: T) => void;
  rowHeight?: number;
  tall?: boolean;
  onEnd?: () => void;
}

const MANY = 60;

/** Rows with j, k and o. Long ones are drawn only where they are looked at. */
export function Table<T>({ label, columns, rows, keyOf, onOpen, rowHeight = 37, tall, onEnd }: Props<T>): ReactNode {
  const wrap = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(-1);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => wrap.current, estimateSize: () => rowHeight, overscan: 12, enabled: rows.length > MANY });
  const shown = rows.length > MANY ? virtual.getVirtualItems() : rows.map((_, index) => ({ index, start: 0, end: 0 }));
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (onEnd && last >= rows.length - 10) onEnd();
  }, [last, rows.length, onEnd]);
  useRowKeys({ active: Boolean(onOpen), count: rows.length, at, setAt, open: (index) => rows[index] && onOpen?.(rows[index]), show: (index) => rows.length > MANY && virtual.scrollToIndex(index) });
  const before = rows.length > MANY ? (shown[0]?.start ?? 0) : 0;
  const after = rows.length > MANY ? virtual.getTotalSize() - (shown.at(-1)?.end ?? 0) : 0;
  return (
    <div className={`table-wrap${tall ? " tall" : ""}`} ref={wrap} tabIndex={0} role="group" aria-label={label}>
      <table aria-label={label} aria-rowcount={rows.length}>
        <thead><tr>{columns.map((column) => <th key={column.key} scope="col" className={classOf(column)} style={{ width: column.width }}>{column.head}</th>)}</tr></thead>
        <tbody>
          {before > 0 && <tr aria-hidden="true"><td className="spacer" colSpan={columns.length} style={{ height: before }} /></tr>}
          {shown.map(({ index }) => {
            const row = rows[index] as T;
            return (
              <tr key={keyOf(row)} aria-rowindex={index + 2} data-at={index === at} className={onOpen ? "opens" : undefined} onClick={(event) => opensOn(event) && onOpen?.(row)}>
                {columns.map((column) => <td key={column.key} className={classOf(column)}>{column.cell(row)}</td>)}
              </tr>
            );
          })}
          {after > 0 && <tr aria-hidden="true"><td className="spacer" colSpan={columns.length} style={{ height: after }} /></tr>}
        </tbody>
      </table>
    </div>
  );
}

function classOf<T>(column: Column<T>): string | undefined {
  return [column.num && "num", column.wide && "wide"].filter(Boolean).join(" ") || undefined;
}

function opensOn(event: React.MouseEvent): boolean {
  return !(event.target as HTMLElement).closest("a, button, input, label") && !getSelection()?.toString();
}

interface RowKeys { active: boolean; count: number; at: number; setAt: (at: number) => void; open: (at: number) => void; show: (at: number) => void }

function useRowKeys(keys: RowKeys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    if (!keys.active) return;
    const pressed = (event: KeyboardEvent): void => {
      if (isTyping(event)) return;
      const { at, count, setAt, open, show } = latest.current;
      const to = event.key === "j" ? Math.min(at + 1, count - 1) : event.key === "k" ? Math.max(at - 1, 0) : at;
      if (to !== at) {
        setAt(to);
        show(to);
      }
      if (event.key === "o" && at >= 0) open(at);
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [keys.active]);
}

export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return event.ctrlKey || event.metaKey || event.altKey || Boolean(target.closest?.("input, textarea, select, [contenteditable], [role=dialog]"));
}
