/** Records voice notes, with their duration and loudness. */
import { toast } from './toast.js';

/** Values of a waveform (`LIMITS.waveformValues` of the contract). */
const VALUES = 64;
const SAMPLE_EVERY_MS = 50;
/** What browsers record and the server knows, best first. */
const TYPES = ['audio/mp4', 'audio/webm;codecs=opus', 'audio/ogg;codecs=opus'];

export const canRecord = () =>
  typeof MediaRecorder !== 'undefined' && navigator.mediaDevices?.getUserMedia !== undefined;

/**
 * @typedef {object} Recording
 * @property {Blob} blob
 * @property {number} durationMs
 * @property {number[]} waveform
 */

/**
 * Begins to record. Resolves with a function that ends it and gives what was recorded; undefined when the user does not let
 * the page hear.
 *
 * @returns {Promise<(() => Promise<Recording>) | undefined>}
 */
export async function record() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => undefined);
  if (stream === undefined) {
    toast('This page may not use the microphone.', 'error');
    return undefined;
  }
  const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
  const recorder = new MediaRecorder(stream, { mimeType });
  /** @type {Blob[]} */
  const parts = [];
  recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
  const meter = measure(stream);
  const startedMs = performance.now();
  recorder.start();
  return async () => {
    const durationMs = Math.round(performance.now() - startedMs);
    const ended = new Promise((resolve) => recorder.addEventListener('stop', resolve, { once: true }));
    recorder.stop();
    await ended;
    for (const track of stream.getTracks()) track.stop();
    return { blob: new Blob(parts, { type: recorder.mimeType }), durationMs, waveform: meter.stop() };
  };
}

/** Measures how loud it is, until it is stopped. @param {MediaStream} stream */
function measure(stream) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const bytes = new Uint8Array(analyser.fftSize);
  /** @type {number[]} */
  const levels = [];
  const timer = setInterval(() => {
    analyser.getByteTimeDomainData(bytes);
    levels.push(bytes.reduce((most, byte) => Math.max(most, Math.abs(byte - 128)), 0) / 128);
  }, SAMPLE_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      void context.close();
      return toWaveform(levels);
    },
  };
}

/**
 * The loudest of each stretch, 0 to 100.
 *
 * @param {readonly number[]} levels 0 to 1
 */
function toWaveform(levels) {
  const length = Math.max(1, Math.min(VALUES, levels.length));
  return Array.from({ length }, (_, index) => {
    const from = Math.floor((index * levels.length) / length);
    const to = Math.max(from + 1, Math.floor(((index + 1) * levels.length) / length));
    return Math.round(100 * Math.min(1, Math.max(0, ...levels.slice(from, to))));
  });
}
