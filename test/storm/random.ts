/**
 * Numbers that follow from a seed: the same seed and the same questions give the same answers. Every client and the
 * schedule has a stream of its own, so that what one asks does not change what another gets.
 */
export class Random {
  #state: number;

  constructor(
    readonly seed: number,
    readonly name = '',
  ) {
    this.#state = hash(`${seed}/${name}`);
  }

  /** A stream of its own for a part of what this one is for. */
  stream(name: string): Random {
    return new Random(this.seed, `${this.name}/${name}`);
  }

  /** From 0 up to, but not, 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from `min` to `max`, both included. */
  whole(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** True in this share of all cases. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  /** One of these; undefined of none. */
  pick<One>(from: readonly One[]): One | undefined {
    return from[Math.floor(this.next() * from.length)];
  }

  /** By weight. */
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

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return value;
}
