import { describe, expect, it } from "vitest";
import type { RunFrame, RunSummary } from "~/api/types";
import { mergeFrame } from "~/live/merge";
import { cut } from "~/live/sse";

const run: RunSummary = { run_id: "a", workflow_id: "w", workflow: "flow", status: "running", channel: "web", external_id: null, driver: "engine", workflow_version: 1, created_at: "2026-01-01T00:00:00Z", started_at: "2026-01-01T00:00:01Z", ended_at: null, duration_ms: null, error_message: null, is_test: false, tags: [], steps: { total: 2, completed: 1, failed: 0, running: 1 }, retries: 0 };
const page = { runs: [run], next: null };
const frame = (more: Partial<RunFrame>): RunFrame => ({ run_id: "a", status: "completed", steps: [], at: "2026-01-01T00:00:05Z", ...more });

describe("a frame", () => {
  it("ends a listed run where it stands", () => {
    const { page: next, fresh } = mergeFrame(page, frame({}));
    expect(fresh).toBe(false);
    expect(next.runs[0]).toMatchObject({ status: "completed", ended_at: "2026-01-01T00:00:05Z", duration_ms: 4000, steps: { completed: 2, running: 0 } });
  });
  it("twice changes nothing the second time", () => {
    const once = mergeFrame(page, frame({})).page;
    expect(mergeFrame(once, frame({})).page).toBe(once);
  });
  it("that is older than an ending does not take it back", () => {
    const over = mergeFrame(page, frame({})).page;
    expect(mergeFrame(over, frame({ status: "running", at: "2026-01-01T00:00:03Z" })).page).toBe(over);
  });
  it("that is newer brings a retried run back", () => {
    const over = mergeFrame(page, frame({ status: "failed" })).page;
    expect(mergeFrame(over, frame({ status: "running", at: "2026-01-01T00:01:00Z" })).page.runs[0]?.status).toBe("running");
  });
  it("of an unknown run moves no row", () => {
    expect(mergeFrame(page, frame({ run_id: "b" }))).toEqual({ page, fresh: true });
  });
});

describe("the stream", () => {
  const text = 'id: 1\nevent: run\ndata: {"a":1}\n\n: ping\nid: 2\n\n: ping\n\nevent: gap\r\ndata: {}\r\n\r\n';
  const whole = [
    { event: "run", id: "1", data: '{"a":1}' },
    { event: "message", id: "2", data: "" },
    { event: "gap", id: null, data: "{}" },
  ];
  it("is cut into frames; a ping moves the cursor", () => {
    expect(cut(text)).toEqual({ frames: whole, rest: "" });
  });
  it("is cut the same wherever the chunks end", () => {
    for (let at = 1; at < text.length; at += 1) {
      const first = cut(text.slice(0, at));
      const second = cut(first.rest + text.slice(at));
      expect([...first.frames, ...second.frames]).toEqual(whole);
    }
  });
});
