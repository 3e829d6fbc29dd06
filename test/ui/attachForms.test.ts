import { describe, expect, test } from 'vitest';
import { ATTACH_FORMS, type AttachFormKind } from '../../packages/ui/src/chat/attachForms.js';

const read = (kind: AttachFormKind, values: Record<string, string>) => ATTACH_FORMS[kind].read(values);

describe('forms for what is sent besides text and files', () => {
  test.each([
    ['place', { latitude: '-90', longitude: '180' }, { location: { latitude: -90, longitude: 180 } }],
    // Written with a comma and a typographical minus.
    [
      'place',
      { latitude: '48,5', longitude: '−0.25', title: 'Hall' },
      { location: { latitude: 48.5, longitude: -0.25, title: 'Hall' } },
    ],
    ['product', { title: 'Desk' }, { card: { kind: 'product', title: 'Desk' } }],
    [
      'product',
      { title: 'Desk', amount: '120,5', currency: 'usd', picture: 'https://example.com/a.jpg' },
      {
        card: {
          kind: 'product',
          title: 'Desk',
          pictureUrl: 'https://example.com/a.jpg',
          price: { amount: '120.5', currency: 'USD' },
        },
      },
    ],
    ['product', { title: 'Desk', currency: 'none' }, { card: { kind: 'product', title: 'Desk' } }],
    [
      'address',
      { url: 'HTTP://example.com:8080', kind: 'voice' },
      { attachments: [{ kind: 'voice', url: 'HTTP://example.com:8080' }] },
    ],
  ] as const)('%s: %j is taken', (kind, values, carried) => {
    expect(read(kind, values)).toEqual({ carried });
  });

  test.each([
    ['place', {}, { latitude: 'wrongLatitude', longitude: 'wrongLongitude' }],
    [
      'place',
      { latitude: '90.1', longitude: 'east' },
      { latitude: 'wrongLatitude', longitude: 'wrongLongitude' },
    ],
    ['product', {}, { title: 'needed' }],
    ['product', { title: 'Desk', amount: '1,234.50' }, { amount: 'wrongPrice' }],
    [
      'product',
      { title: 'Desk', amount: '-1', currency: '€' },
      { amount: 'wrongPrice', currency: 'wrongCurrency' },
    ],
    ['product', { title: 'Desk', picture: 'data:image/png;base64,AA' }, { picture: 'wrongAddress' }],
    ['address', {}, { url: 'needed' }],
    ['address', { url: 'https://' }, { url: 'wrongAddress' }],
    ['address', { url: 'https://example.com/a b' }, { url: 'wrongAddress' }],
    ['address', { url: 'file:///etc/passwd' }, { url: 'wrongAddress' }],
  ] as const)('%s: %j is refused', (kind, values, problems) => {
    expect(read(kind, values)).toEqual({ problems });
  });
});
