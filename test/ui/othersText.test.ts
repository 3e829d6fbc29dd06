import { describe, expect, it } from 'vitest';
import { isolate, showControls, showInvisible } from '../../packages/ui/src/bidi.js';
import { splitLinks } from '../../packages/ui/src/chat/links.js';
import { describeWebAddresses } from '../browser/support/webAddresses.js';

const RLO = '\u202E';
const POP_ISOLATE = '\u2069';

describe('text of other people', () => {
  it('shows directional controls in names, and everything invisible in file names', () => {
    expect(showControls(`Bob${RLO}ecila`)).toBe('Bob[U+202E]ecila');
    expect(showInvisible(`invoice${RLO}fdp.exe`)).toBe('invoice[U+202E]fdp.exe');
    expect(showInvisible('a\u200Bb\u0007.txt')).toBe('a[U+200B]b[U+0007].txt');
  });

  it('leaves names of any script, emoji and joiners as they are', () => {
    for (const name of ['Łukasz', 'محمد', 'דנה', 'می‌خواهم', '👨‍👩‍👧', '🏴󠁧󠁢󠁥󠁮󠁧󠁿']) {
      expect(showControls(name)).toBe(name);
      expect(showInvisible(name)).toBe(name);
    }
  });

  it('is isolated in a sentence that it could reorder, and cannot leave its isolation', () => {
    expect(isolate('Alice')).toBe('\u2068Alice\u2069');
    expect(isolate('דנה')).toBe('\u2068דנה\u2069');
    expect(isolate(`x${POP_ISOLATE}${RLO}y`)).toBe('\u2068xy\u2069');
  });
});

describeWebAddresses(splitLinks);
