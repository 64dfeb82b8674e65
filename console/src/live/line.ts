import { address } from "~/api/client";
import { read, StreamRefused, type Frame } from "./sse";

export type LineState = "connecting" | "live" | "reconnecting" | "polling";

/** Who is told what comes over a line. `cursor` is where it goes on. */
export interface Ear {
  readonly cursor: string | null;
  hear: (frame: Frame) => void;
  become: (state: LineState) => void;
}

/** Read your lists again: what the server says when a cursor is too old. */
export const RESET: Frame = { event: "reset", id: null, data: "{}" };

const NOT_THERE = new Set([404, 405, 406, 501]);
const LONGEST_PAUSE = 15_000;

/** One connection to the stream, made again at its cursor whenever it is cut; a server without a stream is asked now and then instead. */
export class Line {
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly control = new AbortController();

  constructor(private readonly ear: Ear) {
    ear.become("connecting");
    void this.run();
  }

  close(): void {
    clearTimeout(this.timer);
    this.control.abort();
  }

  private async run(): Promise<void> {
    const { signal } = this.control;
    try {
      await read(address("/stream", { topics: "runs" }), this.ear.cursor, signal, (frame) => this.hear(frame), () => this.ear.become("live"));
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof StreamRefused && NOT_THERE.has(error.status)) return this.poll();
    }
    if (!signal.aborted) this.again();
  }

  private again(): void {
    this.ear.become("reconnecting");
    this.failures += 1;
    const pause = Math.min(LONGEST_PAUSE, 500 * 2 ** Math.min(this.failures, 6)) * (0.5 + Math.random() / 2);
    this.timer = setTimeout(() => void this.run(), pause);
  }

  private poll(): void {
    this.ear.become("polling");
    this.timer = setTimeout(() => {
      this.ear.hear(RESET);
      this.poll();
    }, 5000);
  }

  private hear(frame: Frame): void {
    this.failures = 0;
    this.ear.hear(frame);
  }
}
