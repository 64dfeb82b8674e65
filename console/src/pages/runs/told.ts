import { count } from "~/api/formats";
import type { RunCount } from "~/api/types";

export function told(of: RunCount): string {
  return of.relation === "gte" ? `${count(of.value)} or more` : count(of.value);
}
