import { summary } from "./runs.mjs";

const bare = ({ attempt_began, attempt_ms, ...step }) => step;

export function compare(a, b) {
  const keys = [...new Set([...a.steps, ...b.steps].map((step) => step.node_key))];
  const steps = keys.map((key) => {
    const one = a.steps.find((step) => step.node_key === key);
    const other = b.steps.find((step) => step.node_key === key);
    return { key, iteration: 0, a: one ? bare(one) : null, b: other ? bare(other) : null, duration_delta_ms: one?.duration_ms && other?.duration_ms ? other.duration_ms - one.duration_ms : null, same_output: one && other ? JSON.stringify(one.output_data) === JSON.stringify(other.output_data) : null };
  });
  const first = steps.find((step) => !step.a || !step.b || step.a.status !== step.b.status || !step.same_output);
  return { a: summary(a), b: summary(b), first_difference: first?.key ?? null, steps, input: patch(a.input_data, b.input_data), context: patch(a.context, b.context), output: patch(a.output_data, b.output_data), config: patch(a.config_snapshot, b.config_snapshot) };
}

function patch(a, b, path = "") {
  if (JSON.stringify(a) === JSON.stringify(b)) return [];
  if (a && b && typeof a === "object" && typeof b === "object") return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) => (!(key in a) ? [{ op: "add", path: `${path}/${key}`, value: b[key] }] : !(key in b) ? [{ op: "remove", path: `${path}/${key}` }] : patch(a[key], b[key], `${path}/${key}`)));
  return [{ op: "replace", path, value: b }];
}
