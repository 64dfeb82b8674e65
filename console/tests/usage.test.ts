import { expect, it } from "vitest";
import { money, spentBy, totalOf } from "~/pages/run/usage";

const step = (...usage: { model: string; calls: number; tokens_in: number; tokens_out: number; cost: number }[]): { metadata: { usage: typeof usage } } => ({ metadata: { usage } });

it("sums by model what steps spent, and leaves alone what is no usage", () => {
  const spent = spentBy([step({ model: "a", calls: 1, tokens_in: 10, tokens_out: 2, cost: 0.1 }), step({ model: "b", calls: 1, tokens_in: 1, tokens_out: 1, cost: 0 }, { model: "a", calls: 2, tokens_in: 5, tokens_out: 0, cost: 0.2 }), { metadata: { usage: "none" } }, { metadata: {} }]);
  expect(spent.map((one) => [one.model, one.calls, one.tokens_in])).toEqual([["a", 3, 15], ["b", 1, 1]]);
  expect(totalOf(spent).tokens).toBe(19);
  expect(money(totalOf(spent).cost)).toBe("0.3");
});
