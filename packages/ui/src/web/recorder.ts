import type { Recording } from '../device.js';

/** In the order of preference; Safari has no WebM. */
const TYPES = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'];

/** Records with the microphone. Rejects when the user does not allow it. */
export async function startRecording(): Promise<Recording> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one));
  const recorder = new MediaRecorder(stream, type === undefined ? {} : { mimeType: type });
  const chunks: Blob[] = [];
  const meter = createMeter(stream);
  const begin = performance.now();
  recorder.addEventListener('dataavailable', ({ data }) => chunks.push(data));
  recorder.start();
  const release = (): void => {
    meter.close();
    for (const track of stream.getTracks()) track.stop();
  };
  return {
    level: meter.level,
    cancel() {
      if (recorder.state !== 'inactive') recorder.stop();
      release();
    },
    stop: () =>
      new Promise((resolve) => {
        recorder.addEventListener('stop', () => {
          release();
          const mimeType = recorder.mimeType.split(';')[0] ?? 'audio/webm';
          const blob = new Blob(chunks, { type: mimeType });
          resolve({
            kind: 'voice',
            name: `voice.${mimeType.split('/')[1] ?? 'webm'}`,
            mimeType,
            sizeBytes: blob.size,
            get uri() {
              return URL.createObjectURL(blob);
            },
            blob,
            durationMs: Math.round(performance.now() - begin),
          });
        });
        recorder.stop();
      }),
  };
}

/** Reads the loudness of a stream. */
function createMeter(stream: MediaStream): { level: () => number; close: () => void } {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 256;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Uint8Array(analyser.fftSize);
  return {
    level() {
      analyser.getByteTimeDomainData(samples);
      // 128 is silence.
      const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample - 128)), 0);
      return Math.round((peak / 128) * 100);
    },
    close: () => void context.close(),
  };
}
