import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { tell } from "~/api/client";
import type { Json, Started, Workflow } from "~/api/types";
import { unique } from "~/api/unique";
import { Fields, filled } from "~/components/Fields";
import { Trouble } from "~/components/Trouble";

/** A form of the workflow's own input schema; without one, the input is written as JSON. */
export function StartForm({ workflow, version, schema }: { workflow: Workflow; version: number; schema: Json }): ReactNode {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const start = useMutation<Started, Error, FormData>({
    mutationFn: async (form) => tell("/runs", { workflow_id: workflow.workflow_id, version, input: filled(schema, form), channel: form.get("channel"), external_id: String(form.get("external_id") || "") || null, is_test: form.get("is_test") === "on" }, { "idempotency-key": unique() }),
    onSuccess: ({ run_id }) => {
      void queries.invalidateQueries();
      void navigate({ to: "/runs/$runId", params: { runId: run_id }, search: {} });
    },
  });
  const submit = (event: React.FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    start.mutate(new FormData(event.currentTarget));
  };
  return (
    <form className="inside form narrow" onSubmit={submit}>
      <Fields of={schema} />
      <label>Channel<select name="channel" defaultValue="web">{["web", "voice", "efax"].map((one) => <option key={one}>{one}</option>)}</select></label>
      <label>External id <small>Your own name for it; may be empty</small><input name="external_id" /></label>
      <label className="row"><span className="row"><input type="checkbox" name="is_test" className="tick" />A test run: marked as such, and left out of the statistics</span></label>
      <Trouble of={start.error} />
      <div><button className="primary" type="submit" disabled={start.isPending}>Start {workflow.name}</button></div>
    </form>
  );
}
