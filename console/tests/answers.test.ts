import { describe, expect, it } from "vitest";
import type { Json } from "~/api/types";
import { fieldsOf } from "~/components/schema";
import { answerOf, hasVerdict } from "~/pages/approvals/answer";

const verdict: Json = { type: "object", required: ["approved", "amount"], properties: { way: { $ref: "#/$defs/Way" }, amount: { anyOf: [{ type: "integer", minimum: 0 }, { type: "null" }], title: "Amount" }, approved: { type: "boolean" } }, $defs: { Way: { type: "string", enum: ["transfer", "cheque"] } } };

describe("an approval's form", () => {
  it("has two buttons for a verdict where its schema asks for one, or for nothing", () => {
    expect(hasVerdict(verdict)).toBe(true);
    expect(hasVerdict(null)).toBe(true);
    expect(hasVerdict({ type: "object", properties: { approved: { type: "string" } } })).toBe(false);
  });

  it("puts the verdict beside what was filled in", () => {
    expect(answerOf({ amount: 7 }, false)).toEqual({ amount: 7, approved: false });
    expect(answerOf(null, true)).toEqual({ approved: true });
    expect(answerOf({ amount: 7 }, null)).toEqual({ amount: 7 });
  });

  it("follows references and optional types, and asks first for what is needed", () => {
    const fields = fieldsOf(verdict) ?? [];
    expect(fields.map((field) => field.name)).toEqual(["amount", "approved", "way"]);
    expect(fields[0]).toMatchObject({ kind: "integer", least: 0, title: "Amount" });
    expect(fields[2]).toMatchObject({ kind: "text", options: ["transfer", "cheque"] });
  });
});
