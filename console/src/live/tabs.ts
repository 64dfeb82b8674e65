import { held } from "~/api/key";
import { API } from "~/api/place";
import { Line, RESET, type Ear, type LineState } from "./line";
import type { Frame } from "./sse";

// A browser has six connections to a server over HTTP/1.1, whatever the number of its tabs. So one tab holds the stream, by a
// lock that ends with it, and tells the others; the next that gets the lock goes on where they were told to.

type Word =
  | { kind: "who" }
  | { kind: "state"; leader: string; told: number; state: LineState; cursor: string | null }
  | { kind: "frame"; leader: string; told: number; frame: Frame };

const HEARTBEAT = 15_000;
/** A leader that is silent for so long is stopped or suspended, and is left; a hidden tab's timers are a minute late. */
const PATIENCE = 100_000;

export function canShare(): boolean {
  return "locks" in navigator && "BroadcastChannel" in globalThis && Boolean(globalThis.crypto?.subtle);
}

/** Of the tabs that see the same: of one mount, and with one key. */
export async function channelName(): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(held() ?? ""));
  return `mainstem ${API} ${[...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** This tab among those that share a stream. */
export class Tab implements Ear {
  private readonly me = crypto.randomUUID();
  private readonly channel: BroadcastChannel;
  private readonly beat: ReturnType<typeof setInterval>;
  private waiting = new AbortController();
  private line: Line | null = null;
  private retire: (() => void) | null = null;
  private state: LineState = "connecting";
  private told = 0;
  private leader: string | null = null;
  private heardAt = Date.now();
  private closed = false;

  constructor(private readonly name: string, private readonly ear: Ear) {
    this.channel = new BroadcastChannel(name);
    this.channel.onmessage = (event: MessageEvent<Word>) => this.follow(event.data);
    this.channel.postMessage({ kind: "who" } satisfies Word);
    this.beat = setInterval(() => this.pulse(), HEARTBEAT);
    this.queue();
  }

  close(): void {
    this.closed = true;
    clearInterval(this.beat);
    this.waiting.abort();
    this.step();
    this.channel.close();
  }

  private queue(steal = false): void {
    this.waiting.abort();
    const waiting = (this.waiting = new AbortController());
    navigator.locks.request(this.name, steal ? { steal } : { signal: waiting.signal }, () => this.lead()).catch(() => {
      if (this.closed || waiting.signal.aborted) return;
      this.step(); // another took it, as this tab was silent for too long
      this.queue();
    });
  }

  private lead(): Promise<void> {
    if (this.closed) return Promise.resolve();
    this.leader = this.me;
    this.told = 0;
    this.line = new Line(this);
    return new Promise((done) => (this.retire = done));
  }

  private step(): void {
    this.line?.close();
    this.line = null;
    this.retire?.();
    this.retire = null;
  }

  get cursor(): string | null {
    return this.ear.cursor;
  }

  /** As leader, from the line. */
  hear(frame: Frame): void {
    this.told += 1;
    this.ear.hear(frame);
    this.say({ kind: "frame", leader: this.me, told: this.told, frame });
  }

  become(state: LineState): void {
    this.state = state;
    this.ear.become(state);
    this.sayState();
  }

  private sayState(): void {
    this.say({ kind: "state", leader: this.me, told: this.told, state: this.state, cursor: this.ear.cursor });
  }

  private say(word: Word): void {
    if (!this.closed) this.channel.postMessage(word);
  }

  private pulse(): void {
    if (this.line) this.sayState();
    else if (Date.now() - this.heardAt > PATIENCE) {
      this.heardAt = Date.now();
      this.queue(true);
    }
  }

  private follow(word: Word): void {
    if (word.kind === "who") {
      if (this.line) this.sayState();
      return;
    }
    if (this.line) return; // of one that was left, and does not know it yet
    this.heardAt = Date.now();
    const missed = this.hasMissed(word);
    this.leader = word.leader;
    this.told = word.told;
    if (missed) this.ear.hear(RESET);
    if (word.kind === "frame") this.ear.hear(word.frame);
    else {
      if (word.cursor !== null && (this.ear.cursor === null || missed)) this.ear.hear({ event: "message", id: word.cursor, data: "" });
      this.ear.become(word.state);
    }
  }

  /** A leader's words are numbered. One that is new goes on where its own tab had been told to, as had been all. */
  private hasMissed(word: Exclude<Word, { kind: "who" }>): boolean {
    const before = word.kind === "frame" ? word.told - 1 : word.told;
    if (this.leader === word.leader) return before !== this.told;
    return before > 0 && this.ear.cursor !== null;
  }
}
