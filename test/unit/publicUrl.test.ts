import { expect, test } from 'vitest';
import { isPublicUrl } from '../../backend/src/utils/publicUrl.js';

test.each([
  'https://cdn.example.com/a.png',
  'https://example.com:8443/',
  'https://93.184.215.14/',
  'https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/',
  'https://xn--mller-kva.example/',
  'https://localhost.example.com/',
])('%s is public', (url) => {
  expect(isPublicUrl(url)).toBe(true);
});

test.each([
  'http://cdn.example.com/a.png',
  ...[
    'localhost',
    'LOCALHOST.',
    'a.localhost',
    'printer.local',
    'metadata.google.internal',
    'nas.lan',
    'intranet',
    'db.home.arpa',
  ],
  ...[
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '0177.0.0.1',
    '2130706433',
    '127.0.0.1.',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.5.4',
    '192.168.1.1',
  ],
  ...[
    '169.254.169.254',
    '100.64.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '240.0.0.1',
  ],
  ...[
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[fe80::1]',
    '[fc00::1]',
    '[fd12::1]',
    '[fec0::1]',
    '[ff02::1]',
  ],
  ...[
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::1]',
    '[2002:7f00:1::]',
    '[2001:db8::1]',
    '[2001::1]',
    '[100::1]',
    '[4000::1]',
  ],
])('%s is not public', (host) => {
  expect(isPublicUrl(host.startsWith('http') ? host : `https://${host}/`)).toBe(false);
});
