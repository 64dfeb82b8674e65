import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { Refused, tell } from "~/api/client";
import type { Json, Started, Workflow } from "~/api/types";
import { unique } from "~/api/unique";
import { fieldsOf, valueOf, type Field } from "./schema";

/** A form of the workflow's own input schema; without one, the input is written as JSON. */
export function StartForm({ workflow, schema }: { workflow: Workflow; schema: Json }): ReactNode {
  const fields = fieldsOf(schema);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [trouble, setTrouble] = useState<string | null>(null);
  const start = useMutation<Started, Refused, { input: Json; channel: string; external_id: string | null }>({
    mutationFn: (asked) => tell("/runs", { workflow_id: workflow.workflow_id, version: workflow.version, ...asked }, { "idempotency-key": unique() }),
    onSuccess: ({ run_id }) => {
      void queries.invalidateQueries();
      void navigate({ to: "/runs/$runId", params: { runId: run_id }, search: {} });
    },
  });
  const submit = (event: React.FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const input = fields ? valueOf(fields, form) : parsed(String(form.get("input") || "null"));
    setTrouble(input instanceof Error ? input.message : null);
    if (!(input instanceof Error)) start.mutate({ input, channel: String(form.get("channel")), external_id: String(form.get("external_id") || "") || null });
  };
  return (
    <form className="inside form" onSubmit={submit} style={{ maxWidth: 560 }}>
      {fields ? fields.map((field) => <Input key={field.name} field={field} />) : <label>Input, as JSON<textarea name="input" rows={6} defaultValue="{}" /></label>}
      <label>Channel<select name="channel" defaultValue="web">{["web", "voice", "efax"].map((one) => <option key={one}>{one}</option>)}</select></label>
      <label>External id <small>Your own name for it; may be empty</small><input name="external_id" /></label>
      {(trouble || start.error) && <div className="error-box" role="alert"><strong>{trouble ?? start.error?.problem.detail}</strong>{start.error?.problem.errors.map((one) => <span key={one.pointer}><code>{one.pointer}</code> {one.detail}</span>)}{start.error?.problem.hint}</div>}
      <div><button className="primary" type="submit" disabled={start.isPending}>Start {workflow.name}</button></div>
    </form>
  );
}

function Input({ field }: { field: Field }): ReactNode {
  const given = { name: field.name, required: field.required };
  const fallback = field.fallback === undefined ? "" : typeof field.fallback === "object" ? JSON.stringify(field.fallback) : String(field.fallback);
  const label = <span>{field.title}{field.required && <span aria-hidden="true" className="muted"> (needed)</span>}</span>;
  if (field.kind === "boolean") return <label className="row"><span className="row"><input type="checkbox" name={field.name} defaultChecked={field.fallback === true} style={{ minHeight: 0 }} />{field.title}</span></label>;
  return (
    <label>
      {label}
      {field.options ? <select {...given} defaultValue={fallback}>{!field.required && <option value="">–</option>}{field.options.map((one) => <option key={one}>{one}</option>)}</select>
        : field.kind === "json" ? <textarea {...given} rows={3} defaultValue={fallback} />
        : <input {...given} type={field.kind === "text" ? "text" : "number"} step={field.kind === "integer" ? 1 : "any"} min={field.least} max={field.most} defaultValue={fallback} />}
      {field.help && <small>{field.help}</small>}
    </label>
  );
}

function parsed(text: string): Json | Error {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    return new Error(`The input is not JSON: ${(error as Error).message}`);
  }
}
