import type { Json } from "~/api/types";
import { fieldsOf } from "~/components/schema";

export const VERDICT = "approved";

/** Whether approve and reject say it: the schema has a yes or no of this name, or takes any answer. */
export function hasVerdict(form: Json): boolean {
  return form === null || Boolean(fieldsOf(form)?.some((field) => field.name === VERDICT && field.kind === "boolean"));
}

export function answerOf(filled: Json, verdict: boolean | null): Json {
  if (verdict === null) return filled;
  return { ...(filled !== null && typeof filled === "object" && !Array.isArray(filled) ? filled : {}), [VERDICT]: verdict };
}
