import type { ReactNode } from "react";
import type { Json } from "~/api/types";
import { Misread } from "./Trouble";
import { fieldsOf, valueOf, type Field } from "./schema";

/** The fields of a JSON schema; where it names none, one for JSON. `but` is asked in another way. */
export function Fields({ of, but, name = "document" }: { of: Json; but?: string; name?: string }): ReactNode {
  const fields = fieldsOf(of);
  if (!fields) return <label>Input, as JSON<textarea name={name} rows={6} defaultValue="{}" spellCheck={false} /></label>;
  return fields.filter((field) => field.name !== but).map((field) => <Input key={field.name} field={field} />);
}

/** What the form says, as the schema has it. Throws Misread. */
export function filled(schema: Json, form: FormData, name = "document"): Json {
  const fields = fieldsOf(schema);
  if (!fields) return json(form, name, "The input") ?? null;
  const value = valueOf(fields, form);
  if (value instanceof Error) throw new Misread(value.message);
  return value;
}

/** The JSON in a field; undefined when it is empty. Throws Misread. */
export function json(form: FormData, name: string, label: string): Json | undefined {
  const text = String(form.get(name) ?? "").trim();
  if (!text) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new Misread(`${label} is not JSON: ${(error as Error).message}`);
  }
}

function Input({ field }: { field: Field }): ReactNode {
  const given = { name: field.name, required: field.required };
  const fallback = field.fallback === undefined ? "" : typeof field.fallback === "object" ? JSON.stringify(field.fallback) : String(field.fallback);
  const label = <span>{field.title}{field.required && <span aria-hidden="true" className="muted"> (needed)</span>}</span>;
  if (field.kind === "boolean") return <label className="row"><span className="row"><input type="checkbox" name={field.name} defaultChecked={field.fallback === true} className="tick" />{field.title}</span></label>;
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
