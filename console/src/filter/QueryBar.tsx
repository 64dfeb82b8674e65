import { useEffect, useRef, useState, type ReactNode } from "react";
import { useAsk } from "~/api/asking";
import type { Facets, Filters } from "~/api/types";
import { isTyping } from "~/components/Table";
import { completion, taken, type Option } from "./completion";

/** The one grammar of address, bar, API and command line, with what may come next. */
export function QueryBar({ q, facets, onAsk }: { q: string; facets?: Facets; onAsk: (q: string) => void }): ReactNode {
  const filters = useAsk<Filters>("/filters").data ?? { keys: [], documents: [], examples: [] };
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(q);
  const [caret, setCaret] = useState(q.length);
  const [at, setAt] = useState(-1);
  const [open, setOpen] = useState(false);
  useEffect(() => setText(q), [q]);
  useFocusKey(input);
  const offered = completion(text, caret, filters, facets);
  const take = (option: Option): void => {
    const next = taken(text, offered, option);
    setText(next.q);
    setCaret(next.caret);
    setAt(-1);
    requestAnimationFrame(() => input.current?.setSelectionRange(next.caret, next.caret));
    input.current?.focus();
  };
  const ask = (): void => {
    setOpen(false);
    onAsk(text.trim());
  };
  const pressed = (event: React.KeyboardEvent): void => {
    const chosen = offered.options[at];
    if (event.key === "Escape") setOpen(false);
    if (event.key === "ArrowDown") { setOpen(true); setAt(Math.min(at + 1, offered.options.length - 1)); }
    if (event.key === "ArrowUp") setAt(Math.max(at - 1, -1));
    if (event.key === "Enter") { if (open && chosen) take(chosen); else ask(); }
    if (event.key === "Tab" && open && chosen) { event.preventDefault(); take(chosen); }
    if (event.key.startsWith("ArrowDown") || event.key.startsWith("ArrowUp")) event.preventDefault();
  };
  const seen = (target: HTMLInputElement): void => setCaret(target.selectionStart ?? target.value.length);
  const listed = open && offered.options.length > 0;
  return (
    <form className="querybar" role="search" aria-label="Filter runs" onSubmit={(event) => { event.preventDefault(); ask(); }}>
      <div className="field">
        <svg className="glass" width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true"><path d="M2.5 4h11M4.5 8h7M6.5 12h3" strokeLinecap="round" /></svg>
        <input
          ref={input} value={text} spellCheck={false} autoComplete="off" aria-label="Filter" role="combobox"
          aria-expanded={listed} aria-controls="filter-options" aria-autocomplete="list" aria-activedescendant={listed && at >= 0 ? `filter-${at}` : undefined}
          placeholder={filters.examples[0] ?? "status:failed channel:voice started:>-24h"}
          onChange={(event) => { setText(event.target.value); seen(event.target); setOpen(true); setAt(-1); }}
          onSelect={(event) => seen(event.currentTarget)} onFocus={() => setOpen(true)} onBlur={() => setTimeout(() => setOpen(false), 120)} onKeyDown={pressed}
        />
        <ul id="filter-options" role="listbox" aria-label="Completions" className="suggest" hidden={!listed}>
          {offered.options.map((option, index) => (
            <li key={option.insert} id={`filter-${index}`} role="option" aria-selected={index === at} onPointerDown={(event) => { event.preventDefault(); take(option); }}>
              <code>{option.label}</code><span>{option.help}</span>
            </li>
          ))}
        </ul>
      </div>
      {q && <button type="button" className="quiet" onClick={() => onAsk("")}>Clear</button>}
    </form>
  );
}

function useFocusKey(input: React.RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key !== "f" || isTyping(event)) return;
      event.preventDefault();
      input.current?.focus();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [input]);
}
