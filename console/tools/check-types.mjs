// Compares src/api/types.ts with an OpenAPI document: npm run check-types openapi.json
// An interface stands for the schema of its name. A field that is read here and not answered there is an error;
// what the answer has besides is only counted, since the console need not read everything.
import { readFileSync } from "node:fs";
import ts from "typescript";

/** Where a name here and a name there differ, as two schemas there have one name or Python took the word. */
const CALLED = {
  RunSummary: ["FoundRun"], RunPage: ["FoundPage"], RunCount: ["Count"], HistogramBucket: ["Bucket"], Histogram: ["HistogramOfRuns"],
  RunEvent: ["Event"], Compare: ["Comparison"], ComparedStep: ["StepPair"], SparkDay: ["Day"], WorkflowStatistics: ["Statistics"],
  WorkflowPage: ["Workflows"], WorkflowNode: ["mainstem__ledger__nodes__Node", "Node"], WorkflowVersion: ["mainstem__ledger__workflows__Version", "Version"],
  Graph: ["mainstem__server__shapes__runs__Graph", "Graph"], GraphNode: ["mainstem__server__shapes__runs__Node", "Node"], GraphEdge: ["Edge"],
  DefinedGraph: ["mainstem__ledger__nodes__Graph", "Graph"], DefinedNode: ["mainstem__ledger__nodes__GraphNode", "GraphNode"],
  DefinedEdge: ["mainstem__ledger__nodes__GraphEdge", "GraphEdge"], Parity: ["Parity"], Detail: ["Detail"], RefusedRun: ["Refused"],
};
/** Shapes of no schema: a step's own word, and a frame of the feed. */
const FREE = new Set(["Screenshot", "RunFrame"]);

const [file] = process.argv.slice(2);
if (!file) {
  console.error("npm run check-types FILE: the OpenAPI document is missing (GET /openapi.json)");
  process.exit(2);
}
const { components } = JSON.parse(readFileSync(file, "utf8"));
const schemas = components.schemas;
const source = ts.createSourceFile("types.ts", readFileSync(new URL("../src/api/types.ts", import.meta.url), "utf8"), ts.ScriptTarget.Latest, true);
const interfaces = new Map();
ts.forEachChild(source, (node) => {
  if (ts.isInterfaceDeclaration(node)) interfaces.set(node.name.text, node);
});

const faults = [];
let unread = 0;
for (const [name, node] of interfaces) {
  if (FREE.has(name)) continue;
  const schema = (CALLED[name] ?? [name]).map((one) => schemas[one]).find(Boolean);
  if (!schema) {
    faults.push(`${name}: the document has no ${(CALLED[name] ?? [name]).join(" or ")}`);
    continue;
  }
  const there = new Set(Object.keys(schema.properties ?? {}));
  for (const member of fieldsOf(node)) {
    if (!there.has(member.name) && !member.optional) faults.push(`${name}.${member.name}: not in the document`);
    const told = schema.properties?.[member.name];
    if (told && isNullable(told) && !member.nullable && !member.optional) faults.push(`${name}.${member.name}: may be null there, not here`);
    there.delete(member.name);
  }
  unread += there.size;
}
console.log(`${interfaces.size - FREE.size} shapes compared, ${unread} fields of the API are not read here`);
faults.forEach((fault) => console.error(fault));
process.exit(faults.length ? 1 : 0);

function fieldsOf(node) {
  const inherited = (node.heritageClauses ?? []).flatMap((clause) => clause.types).flatMap((type) => {
    const [of, without] = type.typeArguments ?? [];
    const base = interfaces.get((of ?? type.expression).getText());
    const left = without?.getText() ?? "";
    return base ? fieldsOf(base).filter((field) => !left.includes(`"${field.name}"`)) : [];
  });
  const own = node.members.filter(ts.isPropertySignature).map((member) => ({
    name: member.name.getText().replaceAll('"', ""),
    optional: Boolean(member.questionToken),
    nullable: /\bnull\b|\bJson\b/.test(member.type?.getText() ?? ""),
  }));
  return [...inherited, ...own];
}

function isNullable(schema) {
  return (schema.anyOf ?? []).some((one) => one.type === "null") || (Array.isArray(schema.type) && schema.type.includes("null"));
}
