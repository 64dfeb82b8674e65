import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { Refused, tell } from "~/api/client";
import { copied } from "~/api/clipboard";
import type { KeyMade } from "~/api/types";
import { Dialog } from "~/components/Dialog";

const ROLES = { viewer: "reads", operator: "also starts runs and asks things of them", admin: "does everything, keys too" };

/** The only time that a key is seen: it is kept by nobody, and forgotten when the dialog is closed. */
export function NewKey({ close }: { close: () => void }): ReactNode {
  const queries = useQueryClient();
  const make = useMutation<KeyMade, Refused, { name: string; role: string; days: number | null }>({
    mutationFn: (asked) => tell("/keys", asked),
    gcTime: 0,
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["keys"] }),
  });
  if (make.data) return <Dialog key="made" title="Keep this key now" close={close} held><Made of={make.data} close={close} /></Dialog>;
  const submit = (event: React.FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    make.mutate({ name: String(form.get("name")).trim(), role: String(form.get("role")), days: Number(form.get("days")) || null });
  };
  return (
    <Dialog title="New key" close={close}>
      <form className="inside form" onSubmit={submit}>
        <label>Name<input name="name" required maxLength={200} placeholder="nightly import" autoComplete="off" /></label>
        <label>Role<select name="role" defaultValue="viewer">{Object.entries(ROLES).map(([role, may]) => <option key={role} value={role}>{role}: {may}</option>)}</select></label>
        <label>Good for so many days<input name="days" type="number" min={1} max={36_600} placeholder="without end" /></label>
        {make.error && <div className="error-box" role="alert"><strong>{make.error.problem.detail}</strong>{make.error.problem.errors.map((one) => <span key={one.pointer}><code>{one.pointer}</code> {one.detail}</span>)}{make.error.problem.hint && <span>{make.error.problem.hint}</span>}<code>{make.error.problem.code}</code></div>}
        <div className="ends">
          <button type="button" onClick={close}>Leave it</button>
          <button type="submit" className="primary" disabled={make.isPending}>Make the key</button>
        </div>
      </form>
    </Dialog>
  );
}

function Made({ of, close }: { of: KeyMade; close: () => void }): ReactNode {
  const [told, setTold] = useState<string>("Copy the key");
  const copy = async (): Promise<void> => setTold((await copied(of.key)) ? "Copied" : "Select it and copy it by hand");
  return (
    <div className="inside">
      <p>{of.name}, {of.role}. The ledger keeps its hash only: nobody can show it again.</p>
      <code className="secret" aria-label="The new key" role="note">{of.key}</code>
      <p className="muted">Sent as <code>Authorization: Bearer …</code></p>
      <div className="ends">
        <button onClick={() => void copy()} aria-live="polite">{told}</button>
        <button className="primary" onClick={close}>I have kept it</button>
      </div>
    </div>
  );
}
