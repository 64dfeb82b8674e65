// The specification as a page: no library, nothing from another host, and text only ever set as text.
const METHODS = ["get", "post", "put", "patch", "delete"];

const element = (name, text = "", ...children) => {
  const made = document.createElement(name);
  made.textContent = text;
  made.append(...children);
  return made;
};

const table = (heads, rows) => {
  const made = element("table");
  made.append(element("tr", "", ...heads.map((head) => element("th", head))));
  for (const row of rows) made.append(element("tr", "", ...row.map((cell) => element("td", cell ?? ""))));
  return made;
};

const typeOf = (schema = {}) =>
  schema.$ref?.split("/").pop() ??
  schema.anyOf?.map(typeOf).join(" or ") ??
  (schema.type === "array" ? `list of ${typeOf(schema.items)}` : [schema.type, schema.format].filter(Boolean).join(" "));

const example = (spec, schema = {}, depth = 0) => {
  if (schema.$ref) return example(spec, spec.components.schemas[schema.$ref.split("/").pop()], depth + 1);
  if (schema.examples?.length) return schema.examples[0];
  if ("default" in schema) return schema.default;
  if (schema.anyOf) return example(spec, schema.anyOf[0], depth + 1);
  if (depth > 6) return null;
  if (schema.type === "array") return [example(spec, schema.items, depth + 1)];
  if (schema.type === "object" || schema.properties)
    return Object.fromEntries(
      Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, example(spec, inner, depth + 1)]),
    );
  return schema.enum?.[0] ?? { string: schema.format ?? "text", integer: 0, number: 0, boolean: false }[schema.type] ?? null;
};

const shown = (spec, content) => {
  const [media, described] = Object.entries(content ?? {})[0] ?? [];
  if (!media || !described.schema) return element("span");
  return element("pre", JSON.stringify(example(spec, described.schema), null, 2));
};

const operation = (spec, method, path, told) => {
  const made = element("details");
  const verb = element("span", method.toUpperCase());
  verb.className = "method";
  made.append(element("summary", "", verb, element("code", path), element("span", told.summary ?? "")));
  made.dataset.words = `${method} ${path} ${told.summary ?? ""} ${told.operationId ?? ""}`.toLowerCase();
  if (told.description) made.append(element("p", told.description));
  if (told.parameters?.length)
    made.append(
      table(
        ["Parameter", "In", "Type", "What"],
        told.parameters.map((one) => [one.name + (one.required ? " *" : ""), one.in, typeOf(one.schema), one.description]),
      ),
    );
  if (told.requestBody) made.append(element("h4", "Body"), shown(spec, told.requestBody.content));
  made.append(
    table(
      ["Status", "What"],
      Object.entries(told.responses).map(([status, one]) => [status, one.description]),
    ),
  );
  const good = Object.entries(told.responses).find(([status]) => status.startsWith("2"));
  if (good) made.append(shown(spec, good[1].content));
  return made;
};

const page = (spec) => {
  const sections = new Map();
  for (const [path, operations] of Object.entries(spec.paths))
    for (const method of METHODS.filter((one) => one in operations)) {
      const tag = operations[method].tags?.[0] ?? "other";
      if (!sections.has(tag)) sections.set(tag, element("section", "", element("h2", tag)));
      sections.get(tag).append(operation(spec, method, path, operations[method]));
    }
  return [...sections.values()];
};

const about = document.getElementById("about");
const find = document.getElementById("find");
try {
  const answer = await fetch("openapi.json");
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  const spec = await answer.json();
  about.textContent = `Version ${spec.info.version}, OpenAPI ${spec.openapi}. Send a key as “Authorization: Bearer ms_…”.`;
  document.getElementById("operations").append(...page(spec));
  find.addEventListener("input", () => {
    const words = find.value.toLowerCase();
    for (const one of document.querySelectorAll("details")) one.hidden = !one.dataset.words.includes(words);
  });
} catch (error) {
  about.textContent = `The specification could not be read: ${error.message}`;
}
