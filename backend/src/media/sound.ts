import { open } from 'node:fs/promises';
import { parseFile } from 'music-metadata';
import { LIMITS } from '../../../contract/index.js';
import type { InspectionRequest } from '../services/mediaInspector.js';
import { Rejected } from './rejected.js';

export interface SoundFacts {
  durationMs?: number;
  waveform?: number[];
  soundFrom?: 'file' | 'client';
}

/** Samples read for each value of the waveform. */
const SAMPLES_PER_VALUE = 2_000;
const WAVEFORM_MAX = 100;
/** Boxes at the beginning of an MP4 file that are looked at. */
const MAX_BOXES = 20;

/**
 * Reads duration and waveform of a voice note. What the file does not tell is taken from the client, and marked so.
 *
 * @throws Rejected when the file has no sound, or also a picture that moves.
 */
export async function readSound(
  file: string,
  type: string,
  announced: InspectionRequest['announcedSound'],
): Promise<SoundFacts> {
  const { format } = await parseFile(file, { duration: true, skipCovers: true, skipPostHeaders: true });
  if (format.hasVideo === true) throw new Rejected('type');
  if (format.codec === undefined && format.duration === undefined) throw new Rejected('unreadable');
  const tells = format.duration !== undefined && Number.isFinite(format.duration) && format.duration > 0;
  const ownDuration =
    tells && !(await isFragmented(file)) ? Math.round((format.duration ?? 0) * 1_000) : undefined;
  const ownWaveform = type === 'audio/wav' ? await waveformOfWav(file, format.bitsPerSample) : undefined;
  const durationMs = ownDuration ?? announced.durationMs;
  const waveform = ownWaveform ?? announced.waveform;
  const isOwn = durationMs === ownDuration && waveform === ownWaveform;
  return {
    ...(durationMs !== undefined && { durationMs }),
    ...(waveform !== undefined && { waveform }),
    ...((durationMs !== undefined || waveform !== undefined) && { soundFrom: isOwn ? 'file' : 'client' }),
  };
}

/**
 * True for an MP4 file in fragments, as browsers record it: its header is written before its length is known, and what the
 * reader makes of it is the length of a piece.
 */
async function isFragmented(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    // Boxes of a length (4 bytes), a name (4 bytes) and content.
    for (let position = 0, boxes = 0; position + 8 <= size && boxes < MAX_BOXES; boxes += 1) {
      const { buffer } = await handle.read(Buffer.alloc(8), 0, 8, position);
      const name = buffer.toString('latin1', 4, 8);
      if (boxes === 0 && name !== 'ftyp') return false;
      if (name === 'moof') return true;
      const length = buffer.readUInt32BE(0);
      if (length < 8) return false;
      position += length;
    }
    return false;
  } finally {
    await handle.close();
  }
}

/** Finds the samples of a WAV file: `[offset, bytes]` of its `data` chunk. */
async function findWavData(
  read: (position: number, length: number) => Promise<Buffer>,
  size: number,
): Promise<[number, number] | undefined> {
  // 12 bytes of RIFF header, then chunks of a name, a length and content, padded to an even length.
  for (let position = 12, chunks = 0; position + 8 <= size && chunks < 100; chunks += 1) {
    const header = await read(position, 8);
    if (header.length < 8) return undefined;
    const length = header.readUInt32LE(4);
    if (header.toString('latin1', 0, 4) === 'data') {
      return [position + 8, Math.min(length, size - position - 8)];
    }
    position += 8 + length + (length % 2);
  }
  return undefined;
}

/** Loudest sample of each 64th of a WAV file with 16-bit samples, scaled to 100. Undefined for other sample formats. */
async function waveformOfWav(file: string, bitsPerSample: number | undefined): Promise<number[] | undefined> {
  if (bitsPerSample !== 16) return undefined;
  const handle = await open(file);
  try {
    const read = async (position: number, length: number): Promise<Buffer> => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
      return buffer.subarray(0, bytesRead);
    };
    const data = await findWavData(read, (await handle.stat()).size);
    if (data === undefined || data[1] < 2 * LIMITS.waveformValues) return undefined;
    const [offset, bytes] = data;
    const step = Math.floor(bytes / LIMITS.waveformValues / 2) * 2;
    const peaks: number[] = [];
    for (let index = 0; index < LIMITS.waveformValues; index += 1) {
      const samples = await read(offset + index * step, Math.min(step, SAMPLES_PER_VALUE * 2));
      let peak = 0;
      for (let at = 0; at + 1 < samples.length; at += 2) {
        peak = Math.max(peak, Math.abs(samples.readInt16LE(at)));
      }
      peaks.push(peak);
    }
    const loudest = Math.max(1, ...peaks);
    return peaks.map((peak) => Math.round((peak / loudest) * WAVEFORM_MAX));
  } finally {
    await handle.close();
  }
}
