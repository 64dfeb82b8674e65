import { useId, type ReactNode } from "react";

export interface Tab { key: string; name: string; n?: number; body: () => ReactNode }

export function Tabs({ label, tabs, at, onPick, aside }: { label: string; tabs: Tab[]; at: string | undefined; onPick: (key: string) => void; aside?: ReactNode }): ReactNode {
  const id = useId();
  const chosen = tabs.find((tab) => tab.key === at) ?? tabs[0];
  const move = (event: React.KeyboardEvent): void => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!by || !chosen) return;
    const next = tabs[(tabs.indexOf(chosen) + by + tabs.length) % tabs.length];
    if (!next) return;
    onPick(next.key);
    document.getElementById(`${id}${next.key}`)?.focus();
  };
  return (
    <>
      <div className="row">
        <div className="tabs grow" role="tablist" aria-label={label} onKeyDown={move}>
          {tabs.map((tab) => (
            <button key={tab.key} id={id + tab.key} role="tab" aria-selected={tab === chosen} aria-controls={`${id}body`} tabIndex={tab === chosen ? 0 : -1} onClick={() => onPick(tab.key)}>
              {tab.name}{tab.n ? <span className="n">{tab.n}</span> : null}
            </button>
          ))}
        </div>
        {aside}
      </div>
      <div id={`${id}body`} role="tabpanel" aria-labelledby={id + (chosen?.key ?? "")} className="body" tabIndex={0}>{chosen?.body()}</div>
    </>
  );
}
