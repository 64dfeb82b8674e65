import { useEffect, useRef, type ReactNode } from "react";

/** Holds the focus while it is open and gives it back when it closes. held: what it shows is gone then, so that only its own button closes it. */
export function Dialog({ title, close, children, plain, held, wide }: { title: string; close: () => void; children: ReactNode; plain?: boolean; held?: boolean; wide?: boolean }): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const first = box.current?.querySelector<HTMLElement>("[autofocus], input, textarea, select, button");
    (first ?? box.current)?.focus();
    return () => before?.focus();
  }, []);
  const pressed = (event: React.KeyboardEvent): void => {
    if (event.key === "Escape" && !held) close();
    if (event.key !== "Tab") return;
    const stops = [...(box.current?.querySelectorAll<HTMLElement>("a[href], button:not(:disabled), input, textarea, select") ?? [])];
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    if (document.activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
  };
  return (
    <div className="overlay" onPointerDown={(event) => event.target === event.currentTarget && !held && close()}>
      <div className={wide ? "dialog broad" : "dialog"} role="dialog" aria-modal="true" aria-label={title} ref={box} tabIndex={-1} onKeyDown={pressed}>
        {!plain && <header><h2>{title}</h2></header>}
        {children}
      </div>
    </div>
  );
}
