import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Dialog } from "./Dialog";
import { Trouble } from "./Trouble";

interface Props<T> { title: string; says: ReactNode; verb: string; danger?: boolean; close: () => void; children?: ReactNode; send: (form: FormData) => Promise<T>; done?: (answer: T) => void }

/** A dialog that says what will happen and asks what is needed for it; what is refused stays in it, named. */
export function Ask<T>({ title, says, verb, danger, close, children, send, done }: Props<T>): ReactNode {
  const queries = useQueryClient();
  const act = useMutation<T, Error, FormData>({
    mutationFn: async (form) => send(form),
    onSuccess: (answer) => {
      void queries.invalidateQueries();
      close();
      done?.(answer);
    },
  });
  const submit = (event: React.FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    act.mutate(new FormData(event.currentTarget));
  };
  return (
    <Dialog title={title} close={close}>
      <form className="inside form" onSubmit={submit}>
        <div>{says}</div>
        {children}
        <Trouble of={act.error} />
        <div className="ends">
          <button type="button" onClick={close}>Leave it</button>
          <button type="submit" className={danger ? "danger" : "primary"} disabled={act.isPending}>{verb}</button>
        </div>
      </form>
    </Dialog>
  );
}

/** What a field says without spaces around it; null when it says nothing. */
export function said(form: FormData, name: string): string | null {
  return String(form.get(name) ?? "").trim() || null;
}
