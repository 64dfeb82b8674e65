import { chance, uuid } from "./chance.mjs";

const random = chance(7);
const born = Date.now() - 90 * 86_400_000;

const flow = (name, description, nodes, weight, channels) => ({ workflow_id: uuid(random, born), name, description, nodes, weight, channels });
const node = (key, label, type, ms, fails = 0) => ({ key, label, type, ms, fails, id: uuid(random, born) });

export const WORKFLOWS = [
  flow("claim-intake", "Takes a claim from a fax, a call or the form, checks it against the policy and files it.", [
    node("receive", "Receive document", "trigger", 40), node("ocr", "Read pages", "ocr", 2400, 0.03), node("classify", "Classify", "agent", 1100, 0.01),
    node("extract", "Extract fields", "agent", 1900, 0.02), node("check_policy", "Check policy", "http", 320, 0.05), node("human_review", "Human review", "wait", 5200),
    node("file_claim", "File in portal", "browser", 4100, 0.08), node("notify", "Notify patient", "connector", 160, 0.01)], 5, ["efax", "voice", "web"]),
  flow("appointment-booking", "Finds a slot, books it in the practice system and confirms by text message.", [
    node("understand", "Understand request", "agent", 900, 0.01), node("find_slot", "Find slot", "http", 410, 0.03), node("book", "Book in portal", "browser", 3600, 0.06), node("confirm", "Confirm", "connector", 180, 0.01)], 4, ["voice", "web"]),
  flow("invoice-extraction", "Reads invoices, balances the lines with the total and posts them.", [
    node("fetch", "Fetch mail", "connector", 300, 0.01), node("ocr", "Read pages", "ocr", 2100, 0.02), node("lines", "Extract lines", "agent", 2300, 0.03), node("balance", "Balance", "code", 12), node("post", "Post", "http", 240, 0.02)], 3, ["web", "efax"]),
  flow("site-monitor", "Visits pages, notices what changed and says so.", [
    node("crawl", "Crawl", "scrape", 2900, 0.07), node("compare", "Compare", "code", 25), node("alert", "Alert", "connector", 140)], 2, ["web"]),
  flow("knowledge-refresh", "Splits new documents and embeds them.", [
    node("load", "Load", "connector", 500), node("split", "Split", "code", 60), node("embed", "Embed", "rag", 3200, 0.02)], 1, ["web"]),
];

export const ERRORS = {
  http: "policy service answered 503 after 3 attempts: upstream connect error",
  browser: "selector `#claim-submit` was not found within 10 s on page \"New claim\"",
  agent: "the model's answer does not fit the schema: /amount must be a number",
  ocr: "page 3 has no text layer and its confidence is 0.31, below the floor of 0.6",
  scrape: "robots.txt forbids /pricing for this agent",
  connector: "message refused: 421 too many connections",
  rag: "embedding of chunk 118 has 768 dimensions, the index has 1536",
};

export function graphOf(flow, steps) {
  const nodes = flow.nodes.map((one) => {
    const mine = steps.filter((step) => step.node_key === one.key);
    const last = mine.at(-1);
    const skipped = steps.length > 0 && !last && one.key === "human_review" ? "confidence 0.97 is above the floor of 0.90" : null;
    return { key: one.key, label: one.label, type: one.type, status: last?.status ?? (skipped ? "skipped" : null), runs: mine.length, steps: mine.map((step) => step.step_number), skipped_reason: skipped };
  });
  const ran = new Set(nodes.filter((one) => one.runs).map((one) => one.key));
  const edges = flow.nodes.slice(1).map((one, index) => ({ from: flow.nodes[index].key, to: one.key, label: null, taken: ran.has(flow.nodes[index].key) && ran.has(one.key) }));
  if (flow.name === "claim-intake") {
    edges.find((edge) => edge.to === "human_review").label = "confidence < 0.90";
    for (const edge of edges) if (ran.has(edge.from)) Object.assign(edge, edge.to === "human_review" && !edge.taken ? { why: "its condition does not hold", condition: "output.confidence < `0.9`", value: false } : { why: edge.taken ? "it has no condition" : null });
    edges.push({ from: "check_policy", to: "file_claim", label: "otherwise", taken: ran.has("file_claim") && !ran.has("human_review") });
    edges.push({ from: "classify", to: "notify", label: "not a claim", taken: false });
  }
  return { nodes, edges };
}
