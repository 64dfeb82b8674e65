import { useEffect, useRef, useState, type ReactNode } from "react";
import { Refused, statementOf } from "~/api/client";
import { copied } from "~/api/clipboard";
import { held } from "~/api/key";
import { Dialog } from "./Dialog";

export interface Recipes {
  /** The address that the rows are from: curl asks there, and the server tells the statement by which it answers. */
  at: string;
  /** False where no statement gives the rows; a text where a shorter one than the server's does. */
  sql?: string | false;
  /** Only where a command prints the same. */
  cli?: string;
  json: unknown;
}

const NAMES = { sql: "SQL", curl: "curl", cli: "CLI", json: "JSON" } as const;
type Kind = keyof typeof NAMES;

/** The key is the shell's to know, and asked for only where this tab needs one. */
export function curlOf(at: string): string {
  const key = held() ? '-H "Authorization: Bearer $MAINSTEM_KEY" ' : "";
  return `curl ${key}${worded(new URL(at, location.href).href)}`;
}

/** A word of a command line, whatever is in it. */
export function worded(text: string): string {
  return /^[\w./:=@%+-]+$/.test(text) && !text.startsWith("-") ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The same rows by other means: what the page asked is no secret of the page. */
export function CopyAs(recipes: Recipes): ReactNode {
  const [open, setOpen] = useState(false);
  const [told, setTold] = useState<string | null>(null);
  const [shown, setShown] = useState<{ kind: Kind; text: string } | null>(null);
  const place = useRef<HTMLDivElement>(null);
  const fading = useRef<ReturnType<typeof setTimeout>>(undefined);
  useAway(open, place, () => setOpen(false));
  const copy = async (kind: Kind): Promise<void> => {
    setOpen(false);
    const text = textOf(kind, recipes);
    if (await copied(text)) {
      setTold(`Copied ${NAMES[kind]}`);
      clearTimeout(fading.current);
      fading.current = setTimeout(() => setTold(null), 1600);
      return;
    }
    try {
      setShown({ kind, text: await text });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setShown({ kind, text: `-- ${error.problem.detail}` });
    }
  };
  const kinds = (Object.keys(NAMES) as Kind[]).filter((kind) => (kind === "sql" ? recipes.sql !== false : kind === "cli" ? recipes.cli : true));
  return (
    <div className="menu-at" ref={place}>
      <button className="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
        <svg width="14" height="14" viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="1.4"><rect x="5.5" y="5.5" width="8" height="8" rx="1.5" /><path d="M10.5 3.5v-1h-8v8h1" /></svg>
        <span aria-live="polite">{told ?? "Copy as"}</span>
      </button>
      {open && (
        <div className="menu">
          {kinds.map((kind) => <button key={kind} onClick={() => void copy(kind)}>Copy as {NAMES[kind]}</button>)}
        </div>
      )}
      {shown && <Dialog title={`As ${NAMES[shown.kind]}`} close={() => setShown(null)}><ByHand text={shown.text} close={() => setShown(null)} /></Dialog>}
    </div>
  );
}

function textOf(kind: Kind, { at, sql, cli, json }: Recipes): string | Promise<string> {
  if (kind === "sql") return typeof sql === "string" ? sql : statementOf(at);
  if (kind === "curl") return curlOf(at);
  return kind === "cli" ? (cli ?? "") : JSON.stringify(json, null, 2);
}

/** Where the browser keeps its clipboard from the page. */
function ByHand({ text, close }: { text: string; close: () => void }): ReactNode {
  return (
    <div className="inside">
      <textarea readOnly rows={10} value={text} aria-label="Text to copy" onFocus={(event) => event.currentTarget.select()} />
      <div className="ends"><button onClick={close}>Close</button></div>
    </div>
  );
}

function useAway(open: boolean, place: React.RefObject<HTMLDivElement | null>, close: () => void): void {
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    if (!open) return;
    const away = (event: Event): void => {
      if (event instanceof KeyboardEvent ? event.key === "Escape" : !place.current?.contains(event.target as Node)) latest.current();
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("keydown", away);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("keydown", away);
    };
  }, [open, place]);
}
