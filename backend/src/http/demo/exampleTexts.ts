import type { OccasionInput, UserId } from '../../../../contract/index.js';
import { MATCH_OCCASION } from './matches.js';

/** A message, with what `sendMessage` takes besides its text. */
interface ExampleMessage {
  from: UserId;
  content?: string;
  location?: { latitude: number; longitude: number; title: string };
  card?: {
    kind: 'product' | 'order';
    id: string;
    title: string;
    price: { amount: string; currency: string };
  };
}

export interface ExampleChat {
  /** The first one counts as the one who opened it. */
  users: readonly [UserId, UserId];
  occasions: readonly OccasionInput[];
  messages: readonly ExampleMessage[];
}

const [alice, bob, carol] = ['alice' as UserId, 'bob' as UserId, 'carol' as UserId];
const [dan, eva, farid] = ['dan' as UserId, 'eva' as UserId, 'farid' as UserId];

const BICYCLE = { id: 'bicycle-28', title: 'Touring bicycle, 28 inch' };
const LAMP = { id: 'lamp-3', title: 'Desk lamp, oak' };
const ORDER = { id: '1042', title: 'No. 1042, desk lamp' };

const euros = (amount: string) => ({ amount, currency: 'EUR' });

/** A match without a word, matches that talk, a product with its seller, an order. None of Alice and Bob: docs start theirs. */
export const EXAMPLE_CHATS: readonly ExampleChat[] = [
  {
    users: [alice, farid],
    occasions: [
      { kind: 'product', ...LAMP },
      { kind: 'order', ...ORDER },
    ],
    messages: [
      { from: alice, card: { kind: 'product', ...LAMP, price: euros('79.00') } },
      { from: alice, content: 'Is it in stock?' },
      { from: farid, content: 'Two are left. It would be with you on Thursday.' },
      {
        from: alice,
        content: 'Ordered!',
        card: { kind: 'order', ...ORDER, price: euros('83.90') },
      },
      { from: farid, content: 'Thank you. I will write as soon as it is on its way.' },
    ],
  },
  {
    users: [eva, alice],
    occasions: [{ kind: 'product', ...BICYCLE }],
    messages: [
      {
        from: eva,
        content: 'Is it still for sale?',
        card: { kind: 'product', ...BICYCLE, price: euros('420.00') },
      },
      { from: alice, content: 'It is. You can try it here:' },
      { from: alice, location: { latitude: 48.1447, longitude: 11.5586, title: 'Bicycle yard' } },
    ],
  },
  { users: [carol, alice], occasions: [MATCH_OCCASION], messages: [] },
  {
    users: [dan, alice],
    occasions: [MATCH_OCCASION],
    messages: [
      { from: dan, content: 'You climb, too! Outdoors as well?' },
      { from: alice, content: 'Whenever it does not rain.' },
      { from: dan, content: 'Saturday looks dry…' },
    ],
  },
  {
    users: [bob, eva],
    occasions: [MATCH_OCCASION],
    messages: [
      { from: bob, content: 'Which of your photos is the newest?' },
      { from: eva, content: 'The one with the boat.' },
    ],
  },
  {
    users: [bob, farid],
    occasions: [{ kind: 'order', id: '1043', title: 'No. 1043, two ropes' }],
    messages: [
      {
        from: farid,
        content: 'Your order is on its way.',
        card: { kind: 'order', id: '1043', title: 'No. 1043, two ropes', price: euros('24.50') },
      },
      { from: bob, content: 'Great, thank you!' },
    ],
  },
];
