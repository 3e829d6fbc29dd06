import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, MessageView, SentMessageView, Success } from '../../contract/index.js';
import type { TrafficResult } from './commands.js';
import type { User } from './fleet.js';
import { Samples } from './samples.js';

const DRAIN_MS = 15_000;
const TEXT = ' The quick brown fox jumps over the lazy dog, and the dog does not mind at all today.';

let traffics = 0;

/** Tracks messages from sending to acknowledgement and to delivery to the other user. */
export class Traffic {
  private readonly name = `${process.pid}-${traffics++}`;
  private readonly undelivered = new Map<string, number>();
  private readonly lastSeqs = new Map<string, number>();
  private readonly toAcknowledge = new Samples();
  private readonly toDeliver = new Samples();
  private readonly lateness = new Samples();
  private readonly acknowledgements: TrafficResult['acknowledgements'] = {};
  private readonly refused: Record<string, number> = {};
  private window = { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY };
  private inWindow = 0;
  private sent = 0;
  private acknowledged = 0;
  private delivered = 0;
  private answered = 0;
  private outOfOrder = 0;

  constructor(private readonly users: readonly User[]) {
    for (const user of users) this.follow(user);
  }

  /** Subscribes to a user's connection. Called again after a reconnect. */
  follow(user: User): void {
    user.client.onEvent = (event, payload) => {
      if (event === 'message:new') this.deliver((payload as Success<MessageView>).data);
    };
  }

  /** Sets the measured time (`performance.now()` values). */
  measure(from: number, to: number): void {
    this.window = { from, to };
  }

  get acknowledgedCount(): number {
    return this.acknowledged;
  }

  /** Number of messages that are stored or may still be stored. */
  get claimedCount(): number {
    return this.sent - (this.answered - this.acknowledged);
  }

  /** Sends a message. @param dueAt time at which it should have been sent; its times count from there. */
  send(user: User, onAnswer: (success: boolean) => void, dueAt = performance.now()): void {
    const now = performance.now();
    const startedAt = Math.min(now, dueAt);
    if (this.counts(startedAt)) this.lateness.add(now - startedAt);
    const number = this.sent++;
    const clientMessageId = `${this.name}-${number}`;
    this.undelivered.set(clientMessageId, startedAt);
    const { conversationId } = user;
    const json = `{"conversationId":"${conversationId}","clientMessageId":"${clientMessageId}","content":"${number}${TEXT}"}`;
    user.client.send('sendMessage', json, (answer) => {
      this.acknowledge(answer as Answer<SentMessageView>, startedAt, clientMessageId);
      onAnswer(answer.success);
    });
  }

  /** Waits until every message is answered and every acknowledged one is delivered, then returns the result. */
  async finish(withinMs = DRAIN_MS): Promise<TrafficResult> {
    const giveUpAt = performance.now() + withinMs;
    const open = (): boolean => this.answered < this.sent || this.delivered < this.acknowledged;
    while (open() && performance.now() < giveUpAt) await sleep(20);
    for (const user of this.users) user.client.onEvent = () => undefined;
    return {
      sent: this.sent,
      acknowledged: this.acknowledged,
      delivered: this.delivered,
      refused: this.refused,
      outOfOrder: this.outOfOrder,
      acknowledgedPerSecond: this.inWindow / ((this.window.to - this.window.from) / 1_000),
      toAcknowledge: this.toAcknowledge.quantiles(),
      toDeliver: this.toDeliver.quantiles(),
      lateness: this.lateness.quantiles(),
      acknowledgements: this.acknowledgements,
    };
  }

  private counts(at: number): boolean {
    return at >= this.window.from && at < this.window.to;
  }

  private acknowledge(answer: Answer<SentMessageView>, startedAt: number, clientMessageId: string): void {
    const now = performance.now();
    this.answered++;
    if (!answer.success) {
      this.refused[answer.code] = (this.refused[answer.code] ?? 0) + 1;
      this.undelivered.delete(clientMessageId);
      return;
    }
    this.acknowledged++;
    const { conversationId, seq } = answer.data;
    (this.acknowledgements[conversationId] ??= []).push([seq, clientMessageId]);
    if (this.counts(now)) this.inWindow++;
    if (this.counts(startedAt)) this.toAcknowledge.add(now - startedAt);
  }

  private deliver(message: MessageView): void {
    const startedAt = this.undelivered.get(message.clientMessageId);
    if (startedAt === undefined) return;
    this.undelivered.delete(message.clientMessageId);
    this.delivered++;
    if (this.counts(startedAt)) this.toDeliver.add(performance.now() - startedAt);
    const { conversationId, senderId, seq } = message;
    const stream = `${conversationId} ${senderId}`;
    if (seq <= (this.lastSeqs.get(stream) ?? 0)) this.outOfOrder++;
    this.lastSeqs.set(stream, seq);
  }
}
