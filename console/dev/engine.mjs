import { RUNS } from "./runs.mjs";

const FORM = { type: "object", required: ["approved", "amount"], properties: { amount: { type: "integer", title: "Amount to pay", description: "In whole dollars", minimum: 0, maximum: 1000 }, approved: { type: "boolean", title: "Approved" }, way: { type: "string", title: "Way", enum: ["transfer", "cheque"], default: "transfer" } } };
const ahead = (hours) => new Date(Date.now() + hours * 3_600_000).toISOString();

/** What three runs that are open wait for. */
export const approvals = () => RUNS.filter((run) => ["running", "waiting"].includes(run.status)).slice(0, 3).map((run, index) => ({
  step_id: run.steps.at(-1)?.step_id ?? run.run_id, run_id: run.run_id, workflow: run.workflow, external_id: run.external_id,
  name: ["supervisor", "second reading", "supervisor"][index], assignee: ["ann", null, "bob"][index], form: index === 1 ? null : FORM, asked_at: run.started_at, due_at: index === 1 ? null : ahead(50 + index),
}));
