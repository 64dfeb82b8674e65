import { describe, expect, it } from "vitest";
import { at, changes, ofPatch } from "~/diff/values";
import { attemptsOf } from "~/pages/run/attempts";

describe("changes", () => {
  it("are leaf by leaf, with both values", () => {
    expect(changes({ a: 1, b: { c: [1, 2] }, gone: true }, { a: 2, b: { c: [1, 3] }, new: null })).toEqual([
      { op: "replace", path: "/a", was: 1, is: 2 },
      { op: "replace", path: "/b/c/1", was: 2, is: 3 },
      { op: "remove", path: "/gone", was: true },
      { op: "add", path: "/new", is: null },
    ]);
  });
  it("are none between equal values, whatever the order of their keys", () => {
    expect(changes({ a: 1, b: [{ c: 1 }] }, { b: [{ c: 1 }], a: 1 })).toEqual([]);
  });
  it("see a list become an object", () => {
    expect(changes([1], { 0: 1 })).toHaveLength(1);
  });
  it("escape keys as JSON pointers do", () => {
    expect(changes({ "a/b~c": 1 }, { "a/b~c": 2 })[0]?.path).toBe("/a~1b~0c");
    expect(at({ "a/b~c": 1 }, "/a~1b~0c")).toBe(1);
  });
  it("of a patch know what was replaced when the value before is known", () => {
    expect(ofPatch([{ op: "replace", path: "/a", value: 2 }], { a: 1 })).toEqual([{ op: "replace", path: "/a", was: 1, is: 2 }]);
    expect(ofPatch([{ op: "add", path: "/b", value: 2 }])).toEqual([{ op: "add", path: "/b", is: 2 }]);
  });
});

describe("attempts", () => {
  it("are those that retries undid, and the step itself last", () => {
    const event = { event_id: "e", event_type: "step_retried", timestamp: "2026-01-01T00:00:02Z", event_data: { error_message: "no", output_data: { half: true }, started_at: "2026-01-01T00:00:01Z", ended_at: "2026-01-01T00:00:02Z" } };
    const step = { step_id: "s", run_id: "r", step_number: 1, node_id: null, node_key: "n", iteration: 0, status: "completed" as const, retry_count: 1, started_at: null, ended_at: null, duration_ms: 1, input_data: 1, output_data: 2, screenshots: [], events: [event], error_message: null, error_details: null, metadata: {} };
    expect(attemptsOf(step).map((one) => [one.number, one.status, one.error, one.output])).toEqual([
      [1, "failed", "no", { half: true }],
      [2, "completed", null, 2],
    ]);
  });
});
