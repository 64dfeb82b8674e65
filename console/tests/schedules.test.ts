import { expect, it } from "vitest";
import { roundOf, seconds, spanned } from "~/pages/schedules/recurrence";

it("reads durations as the API writes them", () => {
  expect(["PT15M", "P1D", "P1DT2H0.5S", "PT0S"].map(seconds)).toEqual([900, 86_400, 93_600.5, 0]);
  expect(["P", "15m", "", "PT"].map(seconds)).toEqual([null, null, null, null]);
  expect(spanned("PT1M")).toBe("1 min");
  expect(spanned("P1M")).toBe("P1M");
});

it("says how a schedule comes round", () => {
  expect(roundOf({ cron: "0 6 * * *", every: null, at: null })).toBe("0 6 * * *");
  expect(roundOf({ cron: null, every: "PT2H", at: null })).toBe("every 2 h");
  expect(roundOf({ cron: null, every: null, at: "2027-01-01T00:00:00Z" })).toMatch(/^once, 202/);
});
