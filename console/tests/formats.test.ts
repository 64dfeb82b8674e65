import { describe, expect, it } from "vitest";
import { ago, bytes, count, delta, duration, percent, shortId } from "~/api/formats";
import { layOutGraph } from "~/graph/layers";
import { fieldsOf, valueOf } from "~/components/schema";

describe("formats", () => {
  it.each([[null, "–"], [0, "0 ms"], [999, "999 ms"], [1000, "1.00 s"], [59_940, "59.9 s"], [59_960, "1 m 00 s"], [3_600_000, "1 h 00 m"], [90_000_000, "1 d 01 h"]])("duration of %s is %s", (ms, told) => {
    expect(duration(ms)).toBe(told);
  });
  it("tells differences with their sign", () => {
    expect([delta(1500), delta(-20), delta(0)]).toEqual(["+1.50 s", "−20 ms", "±0"]);
  });
  it("tells ages, and what lies ahead", () => {
    const now = Date.parse("2026-01-01T01:00:00Z");
    expect([ago("2026-01-01T00:00:00Z", now), ago("2026-01-01T00:59:59Z", now), ago("2026-01-01T01:00:30Z", now), ago(null, now)]).toEqual(["1 h ago", "now", "in 30 s", "–"]);
  });
  it("tells counts, shares and sizes", () => {
    expect([count(1234567), percent(1), percent(0.9925), bytes(1536), bytes(16_384), bytes(512)]).toEqual(["1\u202f234\u202f567", "100 %", "99.3 %", "1.5 KiB", "16.0 KiB", "512 B"]);
  });
  it("keeps the end of an id, which tells neighbours apart", () => {
    expect(shortId("01990000-0000-7000-8000-00000000abcd")).toBe("01990000…00abcd");
  });
});

describe("a graph", () => {
  const node = (key: string) => ({ key, label: key, type: null, status: null, runs: 0, steps: [], skipped_reason: null });
  const edge = (from: string, to: string) => ({ from, to, label: null, taken: true });
  it("puts a node below all that lead to it, and draws loops back", () => {
    const { nodes, edges } = layOutGraph(["a", "b", "c"].map(node), [edge("a", "b"), edge("b", "c"), edge("a", "c"), edge("c", "a")]);
    expect([...nodes].sort((one, other) => one.y - other.y).map((one) => one.node.key)).toEqual(["a", "b", "c"]);
    expect(edges.filter((one) => one.back)).toHaveLength(1);
  });
  it("survives edges to nowhere and no nodes at all", () => {
    expect(layOutGraph([node("a")], [edge("a", "ghost")]).edges).toEqual([]);
    expect(layOutGraph([], []).nodes).toEqual([]);
  });
});

describe("a form of a schema", () => {
  const fields = fieldsOf({ type: "object", required: ["n"], properties: { n: { type: "integer" }, s: { type: "string" }, on: { type: "boolean" }, o: { type: "object" } } });
  const form = (given: Record<string, string>) => ({ get: (name: string) => given[name] ?? null });
  it("gives values of the types that the schema wants, and leaves out what is empty", () => {
    expect(valueOf(fields!, form({ n: "3", s: "007", on: "on", o: '{"a":1}' }))).toEqual({ n: 3, s: "007", on: true, o: { a: 1 } });
    expect(valueOf(fields!, form({ n: "3", s: "" }))).toEqual({ n: 3, on: false });
  });
  it("names the field that cannot be read", () => {
    expect(valueOf(fields!, form({ o: "{" }))).toEqual(new Error("o: { is not JSON"));
  });
  it("is none when nothing is known", () => {
    expect(fieldsOf({})).toBeNull();
  });
});
