import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { Refused, tell } from "~/api/client";
import { unique } from "~/api/unique";
import { Dialog } from "./Dialog";

interface Props { title: string; path: string; says: ReactNode; verb: string; danger?: boolean; close: () => void; field?: { name: string; label: string; json?: boolean }; pathOf?: (value: string) => string; done?: (answer: unknown) => void }

/** An action with what it will do said before it is done; what the server refuses stays on the page. */
export function Confirm({ title, path, says, verb, danger, close, field, pathOf, done }: Props): ReactNode {
  const queries = useQueryClient();
  const [value, setValue] = useState("");
  const [key] = useState(() => unique());
  const act = useMutation<unknown, Refused>({
    mutationFn: () => tell(pathOf ? pathOf(value) : path, field && !pathOf ? { [field.name]: value || null } : null, { "idempotency-key": key }),
    onSuccess: (answer) => {
      void queries.invalidateQueries();
      done?.(answer);
      close();
    },
  });
  return (
    <Dialog title={title} close={close}>
      <form className="inside form" onSubmit={(event) => { event.preventDefault(); act.mutate(); }}>
        <div>{says}</div>
        {field && <label>{field.label}<input value={value} required={Boolean(pathOf)} onChange={(event) => setValue(event.target.value)} /></label>}
        {act.error && <div className="error-box" role="alert"><strong>{act.error.problem.detail}</strong>{act.error.problem.hint && <span>{act.error.problem.hint}</span>}<code>{act.error.problem.code}</code></div>}
        <div className="ends">
          <button type="button" onClick={close}>Leave it</button>
          <button type="submit" className={danger ? "danger" : "primary"} disabled={act.isPending}>{verb}</button>
        </div>
      </form>
    </Dialog>
  );
}
