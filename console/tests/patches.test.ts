import { expect, it } from "vitest";
import { written } from "~/pages/workflows/drawn";
import type { Json } from "~/api/types";
import { changesOf, isSame } from "~/pages/workflows/patches";

it("tells nodes and ways that came, went and changed, each once", () => {
  const { nodes, edges, other } = changesOf([
    { op: "add", path: "/nodes/approve", value: { kind: "approval" } },
    { op: "remove", path: "/nodes/ocr" },
    { op: "replace", path: "/nodes/read/timeout", value: 30 },
    { op: "add", path: "/nodes/read/config/url", value: "x" },
    { op: "remove", path: "/edges/a to b large~1small" },
    { op: "replace", path: "/description", value: "other" },
  ]);
  expect(nodes.map((one) => [one.what, one.name, one.parts.length])).toEqual([["added", "approve", 1], ["removed", "ocr", 1], ["changed", "read", 2]]);
  expect(nodes[2]?.parts.map((part) => part.at)).toEqual(["timeout", "config.url"]);
  expect(edges).toMatchObject([{ what: "removed", name: "a to b large/small" }]);
  expect(other).toMatchObject([{ what: "changed", name: "description" }]);
  expect(isSame(changesOf([]))).toBe(true);
});

it("writes a graph with a node and a way on a line each, and nothing lost", () => {
  const graph: Json = { edges: [{ to: "b", from: "a" }], nodes: [{ type: "entry", key: "a" }, { key: "b", config: { form: [1, { x: null }] } }], name: "n" };
  expect(written(graph).split("\n")[3]).toBe('    {"key": "a", "type": "entry"},');
  expect(JSON.parse(written(graph))).toEqual(graph);
  expect(JSON.parse(written(null))).toBeNull();
});
