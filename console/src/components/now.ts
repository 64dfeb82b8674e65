import { useSyncExternalStore } from "react";

let now = Date.now();
const watchers = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  ticking ??= setInterval(() => {
    now = Date.now();
    watchers.forEach((tell) => tell());
  }, 1000);
  return () => {
    watchers.delete(watcher);
    if (watchers.size) return;
    clearInterval(ticking);
    ticking = undefined;
  };
}

/** One clock for every age on the page. */
export function useNow(): number {
  return useSyncExternalStore(watch, () => now);
}
