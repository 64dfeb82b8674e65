import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";
const KEY = "mainstem.theme";
const ORDER: Theme[] = ["system", "light", "dark"];
const watchers = new Set<() => void>();

function current(): Theme {
  const chosen = localStorage.getItem(KEY);
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

function choose(theme: Theme): void {
  if (theme === "system") {
    localStorage.removeItem(KEY);
    delete document.documentElement.dataset["theme"];
  } else {
    localStorage.setItem(KEY, theme);
    document.documentElement.dataset["theme"] = theme;
  }
  watchers.forEach((watcher) => watcher());
}

export function useTheme(): { theme: Theme; next: () => void } {
  const theme = useSyncExternalStore((watcher) => {
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  }, current);
  return { theme, next: () => choose(ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length] ?? "system") };
}
