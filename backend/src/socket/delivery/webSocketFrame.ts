/** First byte of a frame: FIN bit and opcode 1 (text). */
const FINAL_TEXT = 0x81;
/** Lengths up to 125 fit in the second byte. Larger ones follow in two or eight bytes (RFC 6455, 5.2). */
const MAX_SHORT = 125;
const MAX_MEDIUM = 0xffff;

/** Encodes a text as an unmasked, unfragmented WebSocket frame in one buffer, shared by all receivers. */
export function textFrame(text: string): [Buffer] {
  const payload = Buffer.from(text);
  return [Buffer.concat([headerOf(payload.length), payload])];
}

function headerOf(length: number): Buffer {
  if (length <= MAX_SHORT) return Buffer.from([FINAL_TEXT, length]);
  if (length <= MAX_MEDIUM) {
    const header = Buffer.from([FINAL_TEXT, 126, 0, 0]);
    header.writeUInt16BE(length, 2);
    return header;
  }
  const header = Buffer.from([FINAL_TEXT, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}
