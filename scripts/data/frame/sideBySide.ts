import type { Finding, Step } from './task.js';

/**
 * Number of items processed in parallel. Each mostly waits for a disk sync, and one sync serves several waiting writes.
 */
const LANES = 8;

/** A step with `apply`. Steps with field changes only are batched anyway. */
export type AppliedStep = Step & Required<Pick<Step, 'apply'>>;
type Steps = AsyncIterator<AppliedStep | Finding>;

/** One item in work. Its steps run in sequence, in parallel with those of other items. */
interface Lane {
  steps: Steps;
  /** The last yielded step while the frame applies it; always undefined in a dry run. */
  doing: Promise<unknown> | undefined;
}

type Arrived<Item> =
  | { item: IteratorResult<Item>; lane?: never }
  | { lane: Lane; result: IteratorResult<AppliedStep | Finding> };

/**
 * Yields the steps of independent items, several items at a time. The yielded steps may be applied in parallel. When
 * the generator ends, all yielded steps have been applied.
 *
 * @param items read one by one when a lane is free.
 * @param stepsOf returns the steps of an item. Its next step is requested when the previous one has been applied.
 */
export async function* sideBySide<Item>(
  items: AsyncIterable<Item>,
  stepsOf: (item: Item) => AsyncIterable<AppliedStep | Finding>,
): AsyncGenerator<AppliedStep | Finding> {
  const source = items[Symbol.asyncIterator]();
  const lanes = new Map<Lane, Promise<Arrived<Item>>>();
  let pulling: Promise<Arrived<Item>> | undefined = pull(source);
  try {
    while (pulling !== undefined || lanes.size > 0) {
      const isRoom = lanes.size < LANES;
      const arrived: Arrived<Item> = await Promise.race([
        ...lanes.values(),
        ...(pulling !== undefined && isRoom ? [pulling] : []),
      ]);
      if (arrived.lane === undefined) {
        const item: IteratorResult<Item> = arrived.item;
        pulling = item.done === true ? undefined : pull(source);
        if (item.done === true) continue;
        const lane: Lane = { steps: stepsOf(item.value)[Symbol.asyncIterator](), doing: undefined };
        lanes.set(lane, advance(lane));
        continue;
      }
      const { lane, result } = arrived;
      if (result.done === true) lanes.delete(lane);
      else {
        yield watch(lane, result.value);
        lanes.set(lane, advance(lane));
      }
    }
  } finally {
    // The consumer stopped early: wait for the running steps, so that none continues unobserved.
    await pulling?.catch(() => undefined);
    await Promise.allSettled(
      [...lanes].map(async ([lane, next]) => {
        await lane.doing;
        await next;
      }),
    );
    await Promise.all([...lanes.keys()].map(async ({ steps }) => steps.return?.()));
    await source.return?.();
  }
}

function pull<Item>(source: AsyncIterator<Item>): Promise<Arrived<Item>> {
  return handled(source.next().then((item) => ({ item })));
}

function advance<Item>(lane: Lane): Promise<Arrived<Item>> {
  const next = async (): Promise<Arrived<Item>> => {
    await lane.doing;
    lane.doing = undefined;
    return { lane, result: await lane.steps.next() };
  };
  return handled(next());
}

/** Marks rejections as handled: the promise is awaited later, or not at all after an early stop. */
function handled<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}

/** Records when the step has been applied. Errors are reported by the frame, which calls `apply`. */
function watch(lane: Lane, one: AppliedStep | Finding): AppliedStep | Finding {
  if ('problem' in one) return one;
  return {
    ...one,
    isIndependent: true,
    apply: (journal) => {
      const doing = one.apply(journal);
      lane.doing = doing.catch(() => undefined);
      return doing;
    },
  };
}
