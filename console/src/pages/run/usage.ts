import type { Json, Step } from "~/api/types";

export interface Spent { model: string; calls: number; tokens_in: number; tokens_out: number; cost: number }

/** What steps told that they spent, by model: `metadata.usage`, as `report_usage` records it. */
export function spentBy(steps: Pick<Step, "metadata">[]): Spent[] {
  const found = new Map<string, Spent>();
  for (const one of steps.flatMap((step) => usageOf(step.metadata?.["usage"]))) {
    const before = found.get(one.model) ?? { model: one.model, calls: 0, tokens_in: 0, tokens_out: 0, cost: 0 };
    found.set(one.model, { model: one.model, calls: before.calls + one.calls, tokens_in: before.tokens_in + one.tokens_in, tokens_out: before.tokens_out + one.tokens_out, cost: before.cost + one.cost });
  }
  return [...found.values()];
}

function usageOf(told: Json | undefined): Spent[] {
  if (!Array.isArray(told)) return [];
  return told.filter((one) => one !== null && typeof one === "object" && !Array.isArray(one)).map((one) => {
    const entry = one as { [key: string]: Json };
    const number = (name: string): number => (typeof entry[name] === "number" ? (entry[name] as number) : 0);
    return { model: String(entry["model"] ?? ""), calls: number("calls"), tokens_in: number("tokens_in"), tokens_out: number("tokens_out"), cost: number("cost") };
  });
}

/** In whatever currency the steps keep to: as many places as it has, six at most. */
export function money(cost: number): string {
  return cost === 0 ? "0" : cost.toFixed(6).replace(/0+$/, "").replace(/\.$/, "");
}

export function totalOf(spent: Spent[]): { tokens: number; cost: number } {
  return { tokens: spent.reduce((sum, one) => sum + one.tokens_in + one.tokens_out, 0), cost: spent.reduce((sum, one) => sum + one.cost, 0) };
}
