import { useEffect, useRef, useState, type ReactNode } from "react";

export interface Recipes { sql?: string; curl?: string; cli?: string; json?: unknown }

const NAMES = { sql: "Copy as SQL", curl: "Copy as curl", cli: "Copy as CLI", json: "Copy as JSON" } as const;

export function curlOf(address: string): string {
  return `curl -H "Authorization: Bearer $MAINSTEM_KEY" '${new URL(address, location.href).href}'`;
}

/** The same rows by other means: what the page asked is no secret of the page. */
export function CopyAs(recipes: Recipes): ReactNode {
  const [open, setOpen] = useState(false);
  const [copied, setCopied] = useState<string | null>(null);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const away = (event: Event): void => {
      if (event instanceof KeyboardEvent ? event.key === "Escape" : !place.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("keydown", away);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("keydown", away);
    };
  }, [open]);
  const copy = (kind: keyof Recipes): void => {
    const text = kind === "json" ? JSON.stringify(recipes.json, null, 2) : (recipes[kind] ?? "");
    void navigator.clipboard?.writeText(text);
    setCopied(kind);
    setOpen(false);
    setTimeout(() => setCopied(null), 1600);
  };
  const kinds = (Object.keys(NAMES) as (keyof typeof NAMES)[]).filter((kind) => recipes[kind] !== undefined);
  return (
    <div className="menu-at" ref={place}>
      <button className="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
        <svg width="14" height="14" viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="1.4"><rect x="5.5" y="5.5" width="8" height="8" rx="1.5" /><path d="M10.5 3.5v-1h-8v8h1" /></svg>
        <span aria-live="polite">{copied ? `Copied ${copied === "json" ? "JSON" : copied.toUpperCase()}` : "Copy as"}</span>
      </button>
      {open && (
        <div className="menu">
          {kinds.map((kind) => <button key={kind} onClick={() => copy(kind)}>{NAMES[kind]}</button>)}
        </div>
      )}
    </div>
  );
}
