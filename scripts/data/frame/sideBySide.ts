import type { Finding, Step } from './task.js';

/** How many are in hand: most of the time each waits for a disk, which takes in one go what several wait for. */
const LANES = 8;

/** A step that is not only changes of fields: those are written together anyway. */
export type AppliedStep = Step & Required<Pick<Step, 'apply'>>;
type Steps = AsyncIterator<AppliedStep | Finding>;

/** One thing in hand: its steps come one after another, beside those of the others. */
interface Lane {
  steps: Steps;
  /** Its last step, once the frame has begun it: in a dry run nobody does. */
  doing: Promise<unknown> | undefined;
}

type Arrived<Item> =
  | { item: IteratorResult<Item>; lane?: never }
  | { lane: Lane; result: IteratorResult<AppliedStep | Finding> };

/**
 * The steps of several things that do not depend on each other, a few of them in hand at any time. What it yields may be
 * done beside each other; when it ends, everything that it yielded has been done.
 *
 * @param items taken one by one, as there is room. @param stepsOf asked for the next step of one when its last is done.
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
    // Left in the middle: nothing goes on behind the back of whoever left.
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

/** Awaited later, or never: an error must not be nobody's meanwhile. */
function handled<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}

/** Whether a step went well is for the frame to say; here it counts that it is over. */
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
