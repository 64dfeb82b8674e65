// A server of fixtures with the shapes of /api/v1, for developing the console and for its browser tests.
// POST /dev/mode {"mode": "ok" | "hang" | "empty" | "failed" | "silent" | "locked" | "held", "page": 50} and POST /dev/run act on all that follows.
// held: a new stream is not answered until the mode is another; page: how many a page of a list holds at most.
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { answer } from "./answers.mjs";
import { makeKey, revokeKey } from "./access.mjs";
import { LIMIT } from "./pages.mjs";
import { make, RUNS } from "./runs.mjs";

const DIST = new URL("../../src/mainstem/console_dist", import.meta.url).pathname;
const BASE = process.env.BASE ?? "";
const TYPES = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8" };
const FAILED = { type: "/problems/MS113", title: "Service Unavailable", status: 503, detail: "the database does not answer: connection refused", instance: null, code: "MS102", hint: "is PostgreSQL running? `mainstem doctor` says more", errors: [] };

let mode = "ok";
let cursor = 0;
const streams = new Set();
const held = new Set();
const frames = [];

createServer((request, response) => {
  const url = new URL(request.url, "http://fixtures");
  if (!url.pathname.startsWith(BASE)) return send(response, 404, { detail: "outside the base path" });
  const path = url.pathname.slice(BASE.length);
  if (path.startsWith("/dev/")) return control(path, request, response);
  if (mode === "locked" && path.startsWith("/api/") && request.headers.authorization !== "Bearer ms_right") return send(response, 401, { ...FAILED, status: 401, title: "Unauthorized", code: "MS601", detail: "a key is needed", hint: "send `Authorization: Bearer ms_…`" }, "application/problem+json");
  if (path === "/api/v1/stream") return stream(request, response);
  if (path.startsWith("/api/v1/")) return request.method === "GET" ? api(path.slice(7), url.searchParams, response) : act(path.slice(7), request, response);
  file(path, response);
}).listen(Number(process.env.PORT ?? 8199), "127.0.0.1", function listening() {
  console.log(`http://127.0.0.1:${this.address().port}${BASE}/`);
});

function api(path, query, response) {
  if (mode === "hang") return;
  if (mode === "failed") return send(response, 503, FAILED, "application/problem+json");
  const body = answer(path, query);
  if (body === null) return send(response, 404, { ...FAILED, type: "/problems/MS001", status: 404, title: "Not Found", code: "MS001", detail: `there is nothing at ${path}`, hint: "is the id of another tenant?" }, "application/problem+json");
  if (body.svg) return response.writeHead(200, { "content-type": "image/svg+xml" }).end(body.svg);
  send(response, 200, mode === "empty" && path !== "/filters" ? emptied(body) : body);
}

function emptied(body) {
  if (Array.isArray(body)) return [];
  if (body === null || typeof body !== "object") return typeof body === "number" ? 0 : body;
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, ["run_id", "from", "to"].includes(key) ? value : key === "next" ? null : emptied(value)]));
}

async function act(path, request, response) {
  const told = await bodyOf(request);
  const [, id, action] = /^\/runs\/([\w-]+)\/(\w+)/.exec(path) ?? [];
  const run = RUNS.find((one) => one.run_id === id);
  if (path === "/runs") {
    const started = make(RUNS.length, Date.now(), "running");
    RUNS.unshift(started);
    tell(started);
    return send(response, 202, { run_id: started.run_id, echo: told });
  }
  if (path === "/keys") return send(response, 201, makeKey(told));
  const [, keyId] = /^\/keys\/([\w-]+)\/revoke$/.exec(path) ?? [];
  if (keyId) return send(response, 200, revokeKey(keyId));
  if (!run) return send(response, 404, { ...FAILED, status: 404, code: "MS001", detail: "no such run" }, "application/problem+json");
  run.status = action === "cancel" ? "cancelled" : "running";
  run.error_message = null;
  tell(run);
  send(response, 202, { run_id: run.run_id, status: run.status });
}

function stream(request, response) {
  if (mode === "silent") return send(response, 404, {});
  if (mode === "failed") return send(response, 503, FAILED);
  if (mode === "held") return held.add([request, response]);
  open(request, response);
}

/** From the cursor on, as the real one: what was told since comes first. */
function open(request, response) {
  const after = Number(request.headers["last-event-id"] ?? cursor);
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" }).write(`: open\nid: ${after}\n\n`);
  frames.slice(after).forEach((frame) => response.write(frame));
  streams.add(response);
  request.on("close", () => streams.delete(response));
}

function tell(run) {
  cursor += 1;
  const data = { run_id: run.run_id, status: run.status, steps: [], workflow: run.workflow, at: new Date().toISOString() };
  const frame = `id: ${cursor}\nevent: run\ndata: ${JSON.stringify(data)}\n\n`;
  frames.push(frame);
  for (const one of streams) one.write(frame);
}

async function control(path, request, response) {
  const told = await bodyOf(request);
  if (path === "/dev/mode") {
    mode = told.mode;
    LIMIT.most = told.page ?? 50;
    if (!["ok", "held"].includes(mode)) for (const one of streams) one.destroy();
    if (mode !== "held") for (const one of held) open(...one);
    if (mode !== "held") held.clear();
  }
  if (path === "/dev/run") {
    const started = make(RUNS.length, Date.now(), told.status ?? "running");
    RUNS.unshift(started);
    tell(started);
  }
  send(response, 200, { mode, streams: streams.size, newest: RUNS[0].run_id, failed: RUNS.find((run) => run.status === "failed" && run.workflow === "claim-intake").run_id, completed: RUNS.find((run) => run.status === "completed" && run.workflow === "claim-intake").run_id, workflow: RUNS.find((run) => run.workflow === "claim-intake").workflow_id });
}

function file(path, response) {
  const place = join(DIST, path);
  if (place.startsWith(DIST) && existsSync(place) && statSync(place).isFile() && !path.endsWith(".html")) {
    response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" });
    return createReadStream(place).pipe(response);
  }
  const page = readFileSync(join(DIST, "index.html"), "utf8").replace('<base href="/"', `<base href="${BASE}/"`);
  response.writeHead(200, { "content-type": TYPES[".html"], "content-security-policy": "default-src 'self'" }).end(page);
}

function send(response, status, body, type = "application/json") {
  response.writeHead(status, { "content-type": type }).end(JSON.stringify(body));
}

async function bodyOf(request) {
  let text = "";
  for await (const part of request) text += part;
  return text ? JSON.parse(text) : {};
}
