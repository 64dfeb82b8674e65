import type { RunFrame } from "~/api/types";
import { Line, type Ear, type LineState } from "./line";
import type { Frame } from "./sse";
import { canShare, channelName, Tab } from "./tabs";

export type FeedState = LineState | "paused";
export interface Told { kind: "run"; frame: RunFrame }
export interface Lost { kind: "lost" }
type Listener = (told: Told | Lost) => void;

/** What the page is told of runs, over a stream of its own or that of another tab. */
export class Feed implements Ear {
  state: FeedState = "connecting";
  since = Date.now();
  cursor: string | null = null;
  private last: FeedState = "connecting";
  private turn = 0;
  private source: { close: () => void } | null = null;
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
    const turn = this.turn;
    if (!canShare()) this.source = new Line(this);
    else
      void channelName().then((name) => {
        if (turn === this.turn) this.source = new Tab(name, this);
      });
  }

  stop(state: FeedState = "paused"): void {
    this.turn += 1;
    this.source?.close();
    this.source = null;
    this.become(state);
  }

  hear(frame: Frame): void {
    if (frame.id !== null) this.cursor = frame.id;
    if (frame.event === "reset" || frame.event === "gap") this.say({ kind: "lost" });
    if (frame.event === "run") this.say({ kind: "run", frame: JSON.parse(frame.data) as RunFrame });
  }

  become(state: FeedState): void {
    if (state === this.state) return;
    // A cut may be the server's end, and what was asked in between may have failed: both are found out by asking.
    const turned = (state === "reconnecting" && this.last === "live") || (state === "live" && this.last === "reconnecting");
    this.state = state;
    if (state !== "connecting") this.last = state;
    this.since = Date.now();
    this.watchers.forEach((watcher) => watcher());
    if (turned) this.say({ kind: "lost" });
  }

  private say(told: Told | Lost): void {
    this.listeners.forEach((listener) => listener(told));
  }
}
