import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { span } from "~/api/formats";
import { useNow } from "~/components/now";
import { useFeedState } from "~/live/context";
import { JumpBox } from "./JumpBox";
import { useShortcuts, type Shortcut } from "./keys";
import { PLACES } from "./places";
import { ShortcutSheet } from "./ShortcutSheet";
import { useTheme } from "./theme";

export function Frame(): ReactNode {
  const [open, setOpen] = useState<"jump" | "keys" | null>(null);
  const shortcuts = useFrameShortcuts(setOpen);
  useShortcuts(shortcuts);
  return (
    <>
      <button className="skip" onClick={() => document.getElementById("page")?.focus()}>Skip to the page</button>
      <div className="frame">
        <Side />
        <div>
          <header className="top">
            <button className="jump" onClick={() => setOpen("jump")}>
              <svg width="14" height="14" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.6" aria-hidden="true"><circle cx="7" cy="7" r="4.5" /><path d="m10.5 10.5 3 3" /></svg>
              <span>Jump to a page or an id</span><kbd>/</kbd>
            </button>
            <span className="grow" />
            <LivePill />
            <ThemeButton />
            <button className="quiet wide" onClick={() => setOpen("keys")} aria-label="Keyboard shortcuts"><kbd>?</kbd></button>
          </header>
          <main id="page" tabIndex={-1}><Outlet /></main>
        </div>
      </div>
      {open === "jump" && <JumpBox close={() => setOpen(null)} />}
      {open === "keys" && <ShortcutSheet shortcuts={shortcuts} close={() => setOpen(null)} />}
    </>
  );
}

function useFrameShortcuts(setOpen: (open: "jump" | "keys" | null) => void): Shortcut[] {
  const navigate = useNavigate();
  const { feed, state } = useFeedState();
  const { next } = useTheme();
  return [
    { keys: "/, ctrl-k", name: "Jump to a page, an id or a search", run: () => setOpen("jump") },
    { keys: "?", name: "This sheet", run: () => setOpen("keys") },
    { keys: "j, k", name: "Next and previous row" },
    { keys: "o", name: "Open the row" },
    { keys: "f", name: "Filter (on Runs)" },
    { keys: "1, 2, 3, 4", name: "Timeline, graph, steps, screenshots (in a run)" },
    ...PLACES.map((place) => ({ keys: `g ${place.key}`, name: place.name, run: () => void navigate({ to: place.to }) })),
    { keys: "l", name: "Live on and off", run: () => (state === "paused" ? feed.start() : feed.stop()) },
    { keys: "y", name: "Copy the link to what you see", run: () => void navigator.clipboard?.writeText(location.href) },
    { keys: "t", name: "Light, dark, as the system", run: next },
  ];
}

function Side(): ReactNode {
  return (
    <nav className="side" aria-label="Pages">
      <div className="mark">
        <svg width="20" height="20" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2.4" strokeLinecap="round" aria-hidden="true"><path d="M12 2v20M4 4c0 6 8 5 8 11M20 8c0 4-8 4-8 9" /></svg>
        mainstem
      </div>
      <div className="pages">
        {PLACES.map((place) => <Link key={place.to} to={place.to} activeOptions={{ exact: place.to === "/", includeSearch: false }}>{place.icon}{place.name}</Link>)}
      </div>
      <div className="foot"><span>Press <kbd>?</kbd> for keys</span></div>
    </nav>
  );
}

const WORDS = { connecting: "Connecting", live: "Live", reconnecting: "Reconnecting", polling: "Every 5 s", paused: "Paused" };

function LivePill(): ReactNode {
  const { state, feed } = useFeedState();
  const now = useNow();
  const cut = state === "reconnecting" ? ` · stale ${span(Math.max(0, (now - feed.since) / 1000))}` : "";
  return (
    <button className="pill" data-state={state} aria-pressed={state !== "paused"} onClick={() => (state === "paused" ? feed.start() : feed.stop())} title="Live updates on and off (l)">
      <span className="dot" />{WORDS[state]}{cut}
    </button>
  );
}

function ThemeButton(): ReactNode {
  const { theme, next } = useTheme();
  return (
    <button className="quiet" onClick={next} aria-label={`Theme: ${theme}`} title={`Theme: ${theme} (t)`}>
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" strokeWidth="1.4" />{theme === "system" ? <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor" /> : theme === "dark" ? <circle cx="8" cy="8" r="5" fill="currentColor" /> : <circle cx="8" cy="8" r="2" fill="currentColor" />}</svg>
    </button>
  );
}
