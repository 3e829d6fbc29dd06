/**
 * Deterministic random numbers: equal seeds and equal calls give equal results. Every client and the schedule have a
 * stream of their own, so that calls of one do not change the results of another.
 */
export class Random {
  #state: number;

  constructor(
    readonly seed: number,
    readonly name = '',
  ) {
    this.#state = hash(`${seed}/${name}`);
  }

  /** Returns an independent stream for a part of the run. */
  stream(name: string): Random {
    return new Random(this.seed, `${this.name}/${name}`);
  }

  /** Returns a number in [0, 1) (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** Returns an integer from `min` to `max`, both included. */
  whole(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** Returns true with this probability. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  /** Returns one of these; undefined for an empty list. */
  pick<One>(from: readonly One[]): One | undefined {
    return from[Math.floor(this.next() * from.length)];
  }

  /** Returns a name with a probability proportional to its weight. */
  weighted<Name extends string>(weights: Record<Name, number>): Name {
    const entries = Object.entries(weights) as [Name, number][];
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      left -= weight;
      if (left < 0) return name;
    }
    const last = entries.at(-1);
    if (last === undefined) throw new Error('nothing to choose from');
    return last[0];
  }

  shuffled<One>(from: readonly One[]): One[] {
    const all = [...from];
    for (let left = all.length - 1; left > 0; left -= 1) {
      const other = this.whole(0, left);
      const kept = all[left];
      all[left] = all[other] as One;
      all[other] = kept as One;
    }
    return all;
  }
}

/** Hashes a text with FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return value;
}
