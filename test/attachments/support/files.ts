import sharp from 'sharp';
import { wavFile } from '../../../scripts/screenshots/wav.js';

/** Photo of 64 x 48 pixels in Apple's format, with a place (GPS) and the name of the phone in its EXIF data. */
export const HEIC_PHOTO = Buffer.from(
  'AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAeFtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAAA5waXRtAAAAAAACAAAAEGlkYXQAAAAAAEAAMAAAAExpbG9jAQAAAERAAAMAAQAAAAAAAAIFAAEAAAAAAAAAVgACAAEAAAAAAAAAAQAAAAAAAAAIAAMAAAAAAAACWwABAAAAAAAAAQQAAABNaWluZgAAAAAAAwAAABVpbmZlAgAAAQABAABodmMxAAAAABVpbmZlAgAAAAACAABncmlkAAAAABVpbmZlAgAAAQADAABFeGlmAAAAANVpcHJwAAAAs2lwY28AAABzaHZjQwEDcAAAAAAAAAAAAB7wAPz9+PgAAA8DIAABABhAAQwB//8DcAAAAwCQAAADAAADAB66AkAhAAEAJ0IBAQNwAAADAJAAAAMAAAMAHqAggQWW6uSmubAgAAADACAAAAMAISIAAQAGRAHBc8CJAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAUaXNwZQAAAAAAAABAAAAAMAAAABBwaXhpAAAAAAMICAgAAAAaaXBtYQAAAAAAAAACAAECgQIAAgIDhAAAAChpcmVmAAAAAAAAAA5kaW1nAAIAAQABAAAADmNkc2MAAwABAAIAAAFibWRhdAAAAFIoAa9Y5v/0TwEqkBWpBc+eFZ42+v/9dSXkcMEqwsXEYroISWqZQ2hLG5mZWCwSv+X6OsOb6jWIct/BD+GO16t9VYfW/rr/U2OZzbSEz9k7heF/AAAAAE1NACoAAAAIAAgBDwACAAAABgAAAG4BEAACAAAACgAAAHQBEgADAAAAAQAGAAABGgAFAAAAAQAAAH4BGwAFAAAAAQAAAIYBKAADAAAAAQACAAACEwADAAAAAQABAACIJQAEAAAAAQAAAI4AAAAAQXBwbGUAaVBob25lIDE1AAAAAEgAAAABAAAASAAAAAEABQAAAAEAAAAEAgMAAAABAAIAAAACTgAAAAACAAUAAAADAAAA0AADAAIAAAACRQAAAAAEAAUAAAADAAAA6AAAAAAAAAA0AAAAAQAAAB4AAAABAAAFuwAAABkAAAANAAAAAQAAABYAAAABAAAD4QAAABk=',
  'base64',
);

/** Header of 2 s of sound as Chromium records it: MP4 in fragments. The sound itself is left out. */
const RECORDED_HEADER = Buffer.from(
  'AAAAJGZ0eXBpc29tAAACAGlzb21pc282aXNvMnZwMDltcDQxAAACXW1vb3YAAAB4bXZoZAEAAAAAAAAA5zJrrwAAAADnMmuvAAAD6AAAAAAAAAXxAAEAAAEAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIAAAG1dHJhawAAAGh0a2hkAQAAAwAAAADnMmuvAAAAAOcya68AAAABAAAAAAAAAAAAAAXxAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABRW1kaWEAAAAsbWRoZAEAAAAAAAAA5zJrrwAAAADnMmuvAAC7gAAAAAAAAAXxVcQAAAAAAC1oZGxyAAAAAAAAAABzb3VuAAAAAAAAAAAAAAAAU291bmRIYW5kbGVyAAAAAORtaW5mAAAAEHNtaGQAAAAAAAAAAAAAACVkaW5mAAAAHWRyZWYAAAAAAAAAAQAAAA11cmwgAAAAAQAAAACnc3RibAAAABBzdHNjAAAAAAAAAAAAAAAQc3R0cwAAAAAAAAAAAAAAFHN0c3oAAAAAAAAAAAAAAAAAAAAQc3RjbwAAAAAAAAAAAAAAW3N0c2QAAAAAAAAAAQAAAEtPcHVzAAAAAAAAAAEAAAAAAAAAAAABABAAAAAAu4AAAAAAABRidHJ0AAAAAAAAAAAAAAAAAAAAE2RPcHMAAQ8AAAC7gAAAAAAAAChtdmV4AAAAIHRyZXgAAAAAAAAAAQAAAAEAAAAAAAAAAAAAAAAAAAEsbW9vZgAAABBtZmhkAAAAAAAAAAEAAAEUdHJhZgAAABR0ZmhkAAIAIAAAAAECAAAAAAAAFHRmZHQBAAAAAAAAAAAAAAAAAADkdHJ1bgEAAwEAAAAaAAABNAAAC0AAAAAIAAALQAAAAAgAAAtAAAAACAAAC0AAAAAIAAALQAAAAAgAAAtAAAAACAAAC0AAAAAIAAALQAAAAAgAAAtAAAAFBgAAC0AAAAPCAAALQAAAA8IAAAtAAAADwgAAC0AAAAPGAAALQAAAA8IAAAtAAAADwgAAC0AAAAPCAAALQAAAA8IAAAtAAAADwgAAC0AAAAPCAAALQAAAA8IAAAtAAAADwgAAC0AAAAPCAAALQAAAA8IAAAtAAAADwgAAC0AAAAO5AAAD8AAAA9M=',
  'base64',
);

/** A recording whose file does not tell its duration. */
export function recorded(): TestFile {
  const sound = Buffer.alloc(17_724);
  sound.writeUInt32BE(sound.length, 0);
  sound.write('mdat', 4);
  const bytes = Buffer.concat([RECORDED_HEADER, sound]);
  return { kind: 'voice', fileName: 'recorded.m4a', mimeType: 'audio/mp4', bytes };
}

/** Something to upload. */
export interface TestFile {
  kind: 'image' | 'voice' | 'file';
  fileName: string;
  mimeType: string;
  bytes: Buffer<ArrayBuffer>;
  /** Further fields of `createAttachment`. */
  announced?: object;
}

/** Pixels with a gradient, so that compression leaves something to compare. */
function gradient(width: number, height: number): Buffer {
  const pixels = Buffer.alloc(width * height * 3);
  for (let at = 0; at < width * height; at += 1) {
    pixels[at * 3] = (at % width) % 256;
    pixels[at * 3 + 1] = Math.floor(at / width) % 256;
    pixels[at * 3 + 2] = 128;
  }
  return pixels;
}

const drawn = (width: number, height: number) =>
  sharp(gradient(width, height), { raw: { width, height, channels: 3 } });

const GPS = { IFD0: { Make: 'Phone' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 30/1 59/1' } };

/** A JPEG that names a place and lies on its side: 80 x 60 pixels as stored, 60 x 80 as seen. */
export const photo = async (width = 80, height = 60): Promise<TestFile> => ({
  kind: 'image',
  fileName: 'photo.jpg',
  mimeType: 'image/jpeg',
  bytes: Buffer.from(
    await drawn(width, height).jpeg().withExif(GPS).withMetadata({ orientation: 6 }).toBuffer(),
  ),
});

export const png = async (width = 40, height = 30): Promise<TestFile> => ({
  kind: 'image',
  fileName: 'picture.png',
  mimeType: 'image/png',
  bytes: Buffer.from(await drawn(width, height).png().toBuffer()),
});

/** Three frames of 20 x 10 pixels. */
export async function animation(format: 'gif' | 'webp'): Promise<TestFile> {
  const frames = sharp(gradient(20, 30), { raw: { width: 20, height: 30, channels: 3, pageHeight: 10 } });
  const bytes = await (format === 'gif' ? frames.gif() : frames.webp()).toBuffer();
  return { kind: 'image', fileName: `a.${format}`, mimeType: `image/${format}`, bytes: Buffer.from(bytes) };
}

/** One second of a tone that gets louder: 8,000 samples of 16 bits. */
export function wav(): TestFile {
  const samples = 8_000;
  const bytes = wavFile(samples, 8_000, (index) => Math.sin(index / 3) * 30_000 * (index / samples));
  return { kind: 'voice', fileName: 'note.wav', mimeType: 'audio/wav', bytes };
}

export const textFile = (text = 'some text'): TestFile => ({
  kind: 'file',
  fileName: 'notes.txt',
  mimeType: 'text/plain',
  bytes: Buffer.from(text),
});
