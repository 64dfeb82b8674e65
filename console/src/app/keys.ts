import { useEffect, useRef } from "react";
import { isTyping } from "~/components/Table";

export interface Shortcut { keys: string; name: string; run?: () => void }

const PATIENCE = 900;

/** Keys and two-key sequences ("g r"), never while somebody types. */
export function useShortcuts(shortcuts: Shortcut[]): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  useEffect(() => {
    let before = "";
    let timer: ReturnType<typeof setTimeout> | undefined;
    const pressed = (event: KeyboardEvent): void => {
      const word = wordOf(event);
      if (isTyping(event) && word !== "ctrl-k") return;
      const hit = latest.current.find((one) => one.run && (one.keys === `${before} ${word}` || (!before && one.keys.split(", ").includes(word))));
      clearTimeout(timer);
      before = hit ? "" : event.key === "g" ? "g" : "";
      timer = setTimeout(() => (before = ""), PATIENCE);
      if (!hit) return;
      event.preventDefault();
      hit.run?.();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, []);
}

function wordOf(event: KeyboardEvent): string {
  return (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" ? "ctrl-k" : event.key;
}
