import { withKey } from "~/api/key";

// Server-sent events over fetch: EventSource can send no header, so it could neither authenticate nor tell an HTTP error.

export interface Frame { event: string; id: string | null; data: string }

/** Cuts a stream of text into frames, whatever the chunks; what is left unfinished is given back. */
export function cut(buffered: string): { frames: Frame[]; rest: string } {
  const parts = buffered.replaceAll("\r\n", "\n").split("\n\n");
  const rest = parts.pop() ?? "";
  return { frames: parts.map(frameOf).filter((frame) => frame !== null), rest };
}

function frameOf(block: string): Frame | null {
  const frame: Frame = { event: "message", id: null, data: "" };
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") frame.event = value;
    if (name === "id") frame.id = value;
    if (name === "data") data.push(value);
  }
  frame.data = data.join("\n");
  return data.length || frame.id ? frame : null;
}

/** Reads one connection until it ends. Throws the HTTP status as a number when the server refuses it. */
export async function read(url: string, cursor: string | null, signal: AbortSignal, on: (frame: Frame) => void, opened: () => void): Promise<void> {
  const headers = withKey({ accept: "text/event-stream" });
  if (cursor) headers["last-event-id"] = cursor;
  const response = await fetch(url, { headers, signal, credentials: "same-origin" });
  if (!response.ok || !response.body) throw new StreamRefused(response.status);
  opened();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffered = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const { frames, rest } = cut(buffered + value);
    buffered = rest;
    frames.forEach(on);
  }
}

export class StreamRefused extends Error {
  constructor(readonly status: number) {
    super(`the stream answered ${status}`);
  }
}
