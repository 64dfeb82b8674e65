import { describe, expect, it } from "vitest";
import { clausesOf, has, quoted, toggled, within, testing, withTesting } from "~/filter/clauses";
import { completion, taken } from "~/filter/completion";

const key = (name: string, more: object = {}) => ({ name, kind: "text", takes: "a text", says: `about ${name}`, operators: ["="], choices: [], examples: [`${name}:x`], ...more });
const filters = { keys: [key("status", { choices: ["failed", "completed"] }), key("started", { operators: ["=", ">", "<"] }), key("workflow")], documents: [key("ctx.")] };

describe("clauses", () => {
  it("keeps quoted spaces together, after a key too", () => {
    expect(clausesOf('status:failed workflow:"claim intake" "two words" -tag:x').map((one) => [one.negated, one.key, one.value])).toEqual([
      [false, "status", "failed"],
      [false, "workflow", "claim intake"],
      [false, null, "two words"],
      [true, "tag", "x"],
    ]);
  });
  it("reads an open quote as if it were closed", () => {
    expect(clausesOf('workflow:"claim in')[0]?.value).toBe("claim in");
  });
  it("quotes what the grammar would take apart, and reads it back", () => {
    for (const value of ["a b", 'say "x"', "a,b", "a:b", "plain"]) expect(clausesOf(`ext:${quoted(value)}`)[0]?.value).toBe(value);
  });
  it("toggles a facet and replaces another value of its key", () => {
    expect(toggled("words", "status", "failed")).toBe("words status:failed");
    expect(toggled("status:failed words", "status", "failed")).toBe("words");
    expect(toggled("status:failed words", "status", "completed")).toBe("words status:completed");
    expect(has("-status:failed", "status", "failed")).toBe(false);
  });
  it("puts a range in place of the range before", () => {
    expect(within("created:>-24h x", "2026-01-01", "2026-01-02")).toBe("x created:>=2026-01-01 created:<2026-01-02");
  });
});

describe("completion", () => {
  it("offers keys at an empty place, and documents without a colon", () => {
    expect(completion("", 0, filters).options.map((one) => one.insert)).toEqual(["status:", "started:", "workflow:", "ctx."]);
  });
  it("offers keys that begin with the word before those that hold it", () => {
    expect(completion("st", 2, filters).options.map((one) => one.label)).toEqual(["status:", "started:"]);
  });
  it("offers values with how many runs have them", () => {
    const facets = { status: [{ value: "failed", count: 7 }], workflow: [{ value: "claim intake", count: 3 }], channel: [], counted: { value: 7, relation: "eq" as const } };
    expect(completion("status:f", 8, filters, facets).options).toEqual([{ insert: "status:failed", label: "failed", help: "7 runs" }]);
    expect(completion("workflow:", 9, filters, facets).options[0]?.insert).toBe('workflow:"claim intake"');
  });
  it("keeps the minus of a clause", () => {
    expect(completion("-sta", 4, filters).options[0]?.insert).toBe("-status:");
  });
  it("completes the clause under the caret and leaves the others", () => {
    const offered = completion("sta words", 3, filters);
    expect(taken("sta words", offered, offered.options[0]!)).toEqual({ q: "status:words", caret: 7 });
    const value = completion("status:fai words", 10, filters);
    expect(taken("status:fai words", value, value.options[0]!)).toEqual({ q: "status:failed words", caret: 14 });
  });
});

describe("test runs", () => {
  it("are asked for, left out, or both, without touching what else is asked", () => {
    expect(testing("status:failed")).toBeNull();
    expect(withTesting("is:open status:failed -is:test", true)).toBe("is:open status:failed is:test");
    expect(testing(withTesting("a", false))).toBe(false);
    expect(withTesting("is:test a", null)).toBe("a");
  });
});
