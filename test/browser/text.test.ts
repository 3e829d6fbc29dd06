import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../contract/index.js';
import { isolate, showControls, showInvisible } from '../../page/src/bidi.js';
import { excessOf, MAX_LENGTHS, textLength } from '../../page/src/limits.js';
import { splitLinks } from '../../page/src/views/links.js';
import { describeWebAddresses } from './support/webAddresses.js';

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
    expect(isolate('Alice')).toBe('Alice');
    expect(isolate('דנה')).toBe('\u2068דנה\u2069');
    expect(isolate(`x${POP_ISOLATE}${RLO}y`)).toBe('\u2068xy\u2069');
  });
});

describe('lengths', () => {
  it('equal those of the contract, in code points', () => {
    expect(MAX_LENGTHS).toMatchObject({
      text: LIMITS.maxTextChars,
      name: LIMITS.maxNameChars,
      title: LIMITS.maxTitleChars,
      comment: LIMITS.maxCommentChars,
      url: LIMITS.maxUrlChars,
      userId: LIMITS.maxUserIdChars,
    });
    expect(textLength('a👍é')).toBe(3);
    expect(excessOf('👍'.repeat(8_000), 8_000)).toBeUndefined();
    expect(excessOf(`  ${'a'.repeat(100)}\n`, 100)).toBeUndefined();
    expect(excessOf('a'.repeat(8_008), 8_000)).toBe(
      '8,008 characters are 8 too many: at most 8,000 can be sent.',
    );
  });
});

describeWebAddresses(splitLinks);
