const HEADER_BYTES = 44;

/**
 * Returns a sound as a WAV file: one channel, 16 bits a sample.
 *
 * @param rate samples a second
 * @param sampleAt value of a sample by its number, from -32,768 to 32,767
 */
export function wavFile(
  samples: number,
  rate: number,
  sampleAt: (index: number) => number,
): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(HEADER_BYTES + samples * 2);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + samples * 2, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(samples * 2, 40);
  for (let index = 0; index < samples; index += 1) {
    bytes.writeInt16LE(Math.round(sampleAt(index)), HEADER_BYTES + index * 2);
  }
  return bytes;
}
