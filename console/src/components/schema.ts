import type { Json } from "~/api/types";

export interface Field {
  name: string;
  title: string;
  kind: "text" | "integer" | "number" | "boolean" | "json";
  required: boolean;
  help?: string;
  options?: string[];
  fallback?: Json;
  least?: number;
  most?: number;
}

type Schema = { [key: string]: Json };

/** The top properties of a JSON schema as fields; null when it describes no object with properties. */
export function fieldsOf(schema: Json): Field[] | null {
  if (!isObject(schema) || !isObject(schema["properties"] ?? null)) return null;
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const fields = Object.entries(schema["properties"] as Schema).map(([name, one]) => fieldOf(name, resolved(one, schema), required.includes(name)));
  return fields.sort((a, b) => Number(b.required) - Number(a.required)); // jsonb has forgotten their order
}

/** What a `$ref` into the schema leads to, or of `T | null` the T, with what is said beside it. */
function resolved(one: Json, root: Schema): Schema {
  if (!isObject(one)) return {};
  const choices = [one["anyOf"], one["allOf"]].flatMap((some) => (Array.isArray(some) ? some : [])).filter((some) => isObject(some) && some["type"] !== "null");
  const inner = choices.length === 1 ? resolved(choices[0] ?? null, root) : {};
  const ref = typeof one["$ref"] === "string" ? /^#\/(?:\$defs|definitions)\/([^/]+)$/.exec(one["$ref"])?.[1] : undefined;
  const defined = [root["$defs"], root["definitions"]].map((some) => (ref && isObject(some ?? null) ? (some as Schema)[ref] : undefined)).find((some) => some !== undefined);
  return { ...(defined === undefined ? {} : resolved(defined, root)), ...inner, ...one };
}

function fieldOf(name: string, of: Schema, required: boolean): Field {
  const options = Array.isArray(of["enum"]) ? of["enum"].map(String) : undefined;
  return {
    name, required,
    title: typeof of["title"] === "string" ? of["title"] : name,
    kind: kindOf(of["type"]),
    ...(typeof of["description"] === "string" ? { help: of["description"] } : {}),
    ...(options ? { options } : {}),
    ...(of["default"] === undefined ? {} : { fallback: of["default"] }),
    ...(typeof of["minimum"] === "number" ? { least: of["minimum"] } : {}),
    ...(typeof of["maximum"] === "number" ? { most: of["maximum"] } : {}),
  };
}

function kindOf(type: Json | undefined): Field["kind"] {
  const known = { string: "text", integer: "integer", number: "number", boolean: "boolean" } as const;
  return known[type as keyof typeof known] ?? "json";
}

/** What the form says, typed as the schema wants it; an Error names the field that cannot be read. */
export function valueOf(fields: Field[], form: { get(name: string): unknown }): { [key: string]: Json } | Error {
  const value: { [key: string]: Json } = {};
  for (const field of fields) {
    const given = form.get(field.name);
    if (field.kind === "boolean") value[field.name] = given === "on";
    else if (given === null || given === "") continue;
    else if (field.kind === "text") value[field.name] = String(given);
    else {
      try {
        value[field.name] = JSON.parse(String(given)) as Json;
      } catch {
        return new Error(`${field.title}: ${String(given)} is not ${field.kind === "json" ? "JSON" : "a number"}`);
      }
    }
  }
  return value;
}

function isObject(value: Json): value is Schema {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
