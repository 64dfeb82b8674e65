import type { Json, PatchOperation } from "~/api/types";

export interface Change { op: "add" | "remove" | "replace"; path: string; was?: Json; is?: Json }

/** What leads from one JSON value to the other, leaf by leaf, with both values; paths are JSON pointers. */
export function changes(was: Json | undefined, is: Json | undefined, path = ""): Change[] {
  if (same(was, is)) return [];
  if (was === undefined) return [{ op: "add", path, is: is as Json }];
  if (is === undefined) return [{ op: "remove", path, was }];
  if (!alike(was, is)) return [{ op: "replace", path, was, is }];
  const left = was as { [key: string]: Json };
  const right = is as { [key: string]: Json };
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  return keys.flatMap((key) => changes(left[key], right[key], `${path}/${escaped(key)}`));
}

/** The server's patch with the values that it replaces, as far as they are known here. */
export function ofPatch(patch: PatchOperation[], was?: Json): Change[] {
  return patch.map(({ op, path, value }) => {
    const before = was === undefined ? undefined : at(was, path);
    return { op: op === "add" || op === "remove" ? op : "replace", path, ...(before === undefined ? {} : { was: before }), ...(value === undefined ? {} : { is: value }) };
  });
}

export function at(value: Json, pointer: string): Json | undefined {
  return pointer.split("/").slice(1).reduce<Json | undefined>((inner, part) => {
    if (inner === null || inner === undefined || typeof inner !== "object") return undefined;
    return (inner as { [key: string]: Json })[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  }, value);
}

function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function alike(a: Json, b: Json): boolean {
  return a !== null && b !== null && typeof a === "object" && typeof b === "object" && Array.isArray(a) === Array.isArray(b);
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || !alike(a, b)) return false;
  const left = Object.entries(a as object) as [string, Json][];
  return left.length === Object.keys(b as object).length && left.every(([key, value]) => same(value, (b as { [key: string]: Json })[key]));
}
