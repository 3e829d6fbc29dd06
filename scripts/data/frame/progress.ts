import { SingleBar } from 'cli-progress';
import type { Progress } from './taskContext.js';

/** Interval of progress lines when standard error is not a terminal, in ms. */
const LINE_EVERY_MS = 5_000;

/** Shows progress on standard error: a bar on a terminal, a line every few seconds otherwise. */
export class ProgressBar implements Progress {
  #bar: SingleBar | undefined;
  #unit = '';
  #total = 0;
  #done = 0;
  #startedMs = 0;
  #lineMs = 0;

  constructor(
    readonly name: string,
    readonly stream: NodeJS.WriteStream = process.stderr,
  ) {}

  total(count: number, unit = ''): void {
    this.end();
    this.#unit = unit;
    this.#total = count;
    this.#done = 0;
    this.#startedMs = performance.now();
    this.#lineMs = this.#startedMs;
    if (!this.stream.isTTY) return;
    this.#bar = new SingleBar({
      format: '{label} {bar} {percentage} % | {value} of {total} | {rate}/s | {left} left',
      stream: this.stream,
      hideCursor: true,
      clearOnComplete: true,
      fps: 5,
      gracefulExit: false,
    });
    this.#bar.start(count, 0, this.#payload());
  }

  advance(by = 1): void {
    this.#done += by;
    if (this.#done > this.#total) {
      this.#total = this.#done;
      this.#bar?.setTotal(this.#total);
    }
    if (this.#bar !== undefined) {
      this.#bar.update(this.#done, this.#payload());
      return;
    }
    const nowMs = performance.now();
    if (nowMs - this.#lineMs < LINE_EVERY_MS) return;
    this.#lineMs = nowMs;
    const { label, rate, left } = this.#payload();
    const share = Math.floor((100 * this.#done) / Math.max(1, this.#total));
    this.stream.write(`${label}: ${this.#done} of ${this.#total} (${share} %), ${rate}/s, ${left} left\n`);
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #payload(): { label: string; rate: number; left: string } {
    const seconds = (performance.now() - this.#startedMs) / 1_000;
    const rate = this.#done / Math.max(0.001, seconds);
    const left = rate === 0 ? '?' : formatSeconds((this.#total - this.#done) / rate);
    return {
      label: this.#unit === '' ? this.name : `${this.name}, ${this.#unit}`,
      rate: Math.round(rate),
      left,
    };
  }
}

function formatSeconds(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5_400) return `${Math.ceil(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}
