import sharp from 'sharp';
import type { SentFile } from './person.js';
import { wavFile } from './wav.js';

/* Drawn here, so that the docs need no pictures of others. */

const svg = (width: number, height: number, content: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${content}</svg>`;

const fade = (id: string, from: string, to: string): string =>
  `<linearGradient id="${id}" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${from}"/><stop offset="1" stop-color="${to}"/></linearGradient>`;

/** A lake between mountains in the evening. */
const LAKE = svg(
  1200,
  800,
  `<defs>${fade('sky', '#2b3a75', '#f7b27a')}${fade('lake', '#e39a73', '#22305e')}${fade('near', '#3b3a5c', '#1d2340')}</defs>
  <rect width="1200" height="800" fill="url(#sky)"/>
  <circle cx="820" cy="390" r="62" fill="#ffe3b0"/>
  <path d="M0 470 170 300 300 410 470 210 660 420 790 330 980 460 1200 340V560H0z" fill="#5c5480"/>
  <path d="M470 210 410 284 452 300 474 276 512 312 548 296z" fill="#f6dcd0"/>
  <path d="M0 520 220 380 420 500 640 440 900 540 1200 430V600H0z" fill="url(#near)"/>
  <rect y="560" width="1200" height="240" fill="url(#lake)"/>
  <path d="M720 600h200M680 640h280M740 680h160M700 730h240" stroke="#ffe3b0" stroke-width="6" stroke-linecap="round" opacity=".55"/>
  <path d="M130 560V500l60-44 60 44v60z" fill="#20243f"/><path d="M118 506 190 450l72 56" fill="none" stroke="#101430" stroke-width="14"/>
  <rect x="176" y="516" width="28" height="28" fill="#ffd98a"/>`,
);

/** A wall of rock with a rope. */
const ROCK = svg(
  1000,
  800,
  `<defs>${fade('day', '#9fd0f2', '#e7f4fb')}${fade('rock', '#c9a27c', '#8a6347')}</defs>
  <rect width="1000" height="800" fill="url(#day)"/>
  <path d="M360 800 410 520 380 330 470 120 620 60 760 90 1000 20V800z" fill="url(#rock)"/>
  <path d="M470 120 520 330 480 520 540 800M620 60 660 280 630 520 700 800M760 90 800 360 770 600 830 800" fill="none" stroke="#6e4c35" stroke-width="7" opacity=".6"/>
  <path d="M560 90C600 300 540 430 590 800" fill="none" stroke="#e4572e" stroke-width="9"/>
  <circle cx="566" cy="420" r="26" fill="#2e294e"/><path d="M566 446 556 540l-30 70M556 540l34 66M562 470l-44-60M564 470l42-66" stroke="#2e294e" stroke-width="22" stroke-linecap="round" fill="none"/>
  <path d="M0 800 0 640 160 590 300 660 400 800z" fill="#5a8f5c"/>`,
);

/** A table with a stove and two cups. */
const CAMP = svg(
  1000,
  800,
  `<defs>${fade('dusk', '#183a4a', '#4f8a8b')}</defs>
  <rect width="1000" height="800" fill="url(#dusk)"/>
  <path d="M0 560 1000 520V800H0z" fill="#2f4f3e"/>
  <path d="M180 560 420 180 660 545z" fill="#f2b134"/><path d="M420 180 470 556 380 560z" fill="#7a4419"/>
  <circle cx="760" cy="560" r="70" fill="#ff8c42" opacity=".35"/><path d="M760 480q54 60 0 130q-54-60 0-130" fill="#ffcf56"/>
  <path d="M690 620h140M705 600l110 40M815 600l-110 40" stroke="#4a2c17" stroke-width="18" stroke-linecap="round"/>
  <g fill="#f7f3e3"><circle cx="120" cy="110" r="4"/><circle cx="300" cy="70" r="3"/><circle cx="700" cy="120" r="4"/><circle cx="860" cy="60" r="3"/><circle cx="560" cy="90" r="3"/></g>`,
);

/** A touring bicycle before a wall. */
const BICYCLE = svg(
  1000,
  700,
  `<rect width="1000" height="700" fill="#f2e8dc"/><rect y="560" width="1000" height="140" fill="#c9bba7"/>
  <g fill="none" stroke="#22303c" stroke-width="14"><circle cx="290" cy="450" r="140"/><circle cx="720" cy="450" r="140"/></g>
  <g fill="none" stroke="#1f7a6d" stroke-width="18" stroke-linejoin="round" stroke-linecap="round"><path d="M290 450 400 260 640 260 500 450zM500 450 385 225M720 450 625 215"/></g>
  <g fill="none" stroke="#22303c" stroke-width="18" stroke-linecap="round"><path d="M340 222h90M600 205h60q40 10 22 52M470 450h60"/></g>
  <path d="M640 330h170v90H660z" fill="#d9822b"/>`,
);

const DRAWN = { lake: LAKE, rock: ROCK, camp: CAMP, bicycle: BICYCLE };

export type PictureName = keyof typeof DRAWN;

export const picture = async (name: PictureName): Promise<SentFile> => ({
  kind: 'image',
  fileName: `${name}.jpg`,
  mimeType: 'image/jpeg',
  bytes: Buffer.from(await sharp(Buffer.from(DRAWN[name])).jpeg({ quality: 86 }).toBuffer()),
});

const RATE = 8_000;

/** A voice message: a sound that gets louder and quieter like speech. */
export function voice(seconds: number): SentFile {
  const bytes = wavFile(RATE * seconds, RATE, (index) => {
    const second = index / RATE;
    const loudness = Math.abs(Math.sin(second * 2.3) * Math.sin(second * 0.7 + 1)) * 28_000;
    return Math.sin(index / 3) * loudness;
  });
  return { kind: 'voice', fileName: 'voice.wav', mimeType: 'audio/wav', bytes };
}

/** The smallest PDF that is one. */
export const pdf = (fileName: string): SentFile => ({
  kind: 'file',
  fileName,
  mimeType: 'application/pdf',
  bytes: Buffer.from(
    `%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n${'%'.padEnd(184_000, ' ')}\ntrailer<</Root 1 0 R>>\n%%EOF\n`,
  ),
});
