import { useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { ask, Refused } from "~/api/client";
import type { Jump } from "~/api/types";
import { Dialog } from "~/components/Dialog";
import { PLACES } from "./places";

interface Target { name: string; note: string; go: () => void }

/** Any id to its run, any word to a page or a search. */
export function JumpBox({ close }: { close: () => void }): ReactNode {
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [trouble, setTrouble] = useState<string | null>(null);
  const leave = (go: () => void): void => {
    go();
    close();
  };
  const byId = async (): Promise<void> => {
    try {
      const found = await ask<Jump>("/jump", { id: text.trim() });
      const runId = found.run_id;
      leave(() => void navigate({ to: "/runs/$runId", params: { runId }, search: {} }));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setTrouble(error.problem.detail);
    }
  };
  const targets: Target[] = [
    ...PLACES.filter((place) => place.name.toLowerCase().includes(text.trim().toLowerCase())).map((place) => ({ name: place.name, note: `g ${place.key}`, go: () => leave(() => void navigate({ to: place.to })) })),
    ...(text.trim() ? [{ name: `Find runs: ${text.trim()}`, note: "search", go: () => leave(() => void navigate({ to: "/runs", search: { q: text.trim() } })) }] : []),
  ];
  if (looksLikeId(text)) targets.unshift({ name: `Go to ${text.trim()}`, note: "run, step, external, legacy or trace id", go: () => void byId() });
  const pressed = (event: React.KeyboardEvent): void => {
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, targets.length - 1));
    if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    if (event.key === "Enter") targets[at]?.go();
    if (event.key.startsWith("Arrow")) event.preventDefault();
  };
  return (
    <Dialog title="Jump" close={close} plain>
      <div className="jumpbox">
        <input role="combobox" aria-expanded="true" aria-controls="jump-list" aria-activedescendant={`jump-${at}`} aria-label="Jump to a page, an id or a search" placeholder="Page, any id, or words to find runs by" value={text} onChange={(event) => { setText(event.target.value); setAt(0); setTrouble(null); }} onKeyDown={pressed} />
        {trouble && <p className="error-box" role="alert">{trouble}</p>}
        <ul id="jump-list" role="listbox" aria-label="Targets">
          {targets.map((target, index) => (
            <li key={target.name} id={`jump-${index}`} role="option" aria-selected={index === at} onClick={target.go}><span className="grow clip">{target.name}</span><span className="muted">{target.note}</span></li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}

export function looksLikeId(text: string): boolean {
  const word = text.trim();
  return !/\s/.test(word) && /\d/.test(word) && word.length > 1;
}
