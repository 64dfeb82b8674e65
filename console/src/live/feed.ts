import { address } from "~/api/client";
import type { RunFrame } from "~/api/types";
import { read, StreamRefused, type Frame } from "./sse";

export type FeedState = "connecting" | "live" | "reconnecting" | "polling" | "paused";
export interface Told { kind: "run"; frame: RunFrame }
export interface Lost { kind: "lost" }
type Listener = (told: Told | Lost) => void;

const NOT_THERE = new Set([404, 405, 406, 501]);
const LONGEST_PAUSE = 15_000;

/** One connection for the whole page. It resumes at its cursor; a server without a stream is polled instead. */
export class Feed {
  state: FeedState = "connecting";
  since = Date.now();
  private cursor: string | null = null;
  private failures = 0;
  private control: AbortController | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<Listener>();
  private readonly watchers = new Set<() => void>();

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  get = (): FeedState => this.state;

  start(): void {
    this.stop("connecting");
    this.control = new AbortController();
    void this.run(this.control.signal);
  }

  stop(state: FeedState = "paused"): void {
    clearTimeout(this.timer);
    this.control?.abort();
    this.control = null;
    this.become(state);
  }

  private async run(signal: AbortSignal): Promise<void> {
    try {
      await read(address("/stream", { topics: "runs" }), this.cursor, signal, (frame) => this.hear(frame), () => this.become("live"));
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof StreamRefused && NOT_THERE.has(error.status)) return this.poll();
    }
    if (!signal.aborted) this.again(signal);
  }

  private again(signal: AbortSignal): void {
    this.become("reconnecting");
    this.failures += 1;
    const pause = Math.min(LONGEST_PAUSE, 500 * 2 ** Math.min(this.failures, 6)) * (0.5 + Math.random() / 2);
    this.timer = setTimeout(() => void this.run(signal), pause);
  }

  private poll(): void {
    this.become("polling");
    this.timer = setTimeout(() => {
      this.say({ kind: "lost" });
      this.poll();
    }, 5000);
  }

  private hear(frame: Frame): void {
    if (frame.id !== null) this.cursor = frame.id;
    this.failures = 0;
    if (frame.event === "reset" || frame.event === "gap") this.say({ kind: "lost" });
    if (frame.event === "run") this.say({ kind: "run", frame: JSON.parse(frame.data) as RunFrame });
  }

  private say(told: Told | Lost): void {
    this.listeners.forEach((listener) => listener(told));
  }

  private become(state: FeedState): void {
    if (state === this.state) return;
    // A cut may be the server's end, and what was asked in between may have failed: both are found out by asking.
    const turned = (state === "reconnecting" && this.state === "live") || (state === "live" && this.state === "reconnecting");
    this.state = state;
    this.since = Date.now();
    this.watchers.forEach((watcher) => watcher());
    if (turned) this.say({ kind: "lost" });
  }
}
