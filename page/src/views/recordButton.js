/**
 * Records a voice note between two presses of a button.
 *
 * @import { Recording } from './recorder.js'
 */
import { durationText } from './format.js';
import { canRecord, record } from './recorder.js';

/**
 * @param {HTMLButtonElement} button
 * @param {(recording: Recording) => void} onRecorded
 */
export function mountRecordButton(button, onRecorded) {
  button.hidden = !canRecord();
  const label = /** @type {HTMLElement} */ (button.querySelector('span'));
  /** @type {(() => Promise<Recording>) | undefined} */
  let stop;
  let isBusy = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let clock;

  /** @param {boolean} isRecording */
  function show(isRecording) {
    button.setAttribute('aria-pressed', String(isRecording));
    label.textContent = isRecording ? 'Stop recording' : 'Record a voice note';
    clearInterval(clock);
    delete button.dataset.time;
    if (!isRecording) return;
    const startedMs = performance.now();
    const tick = () => (button.dataset.time = durationText(performance.now() - startedMs));
    tick();
    clock = setInterval(tick, 500);
  }

  button.addEventListener('click', async () => {
    if (isBusy) return;
    isBusy = true;
    const ending = stop;
    stop = ending === undefined ? await record() : undefined;
    show(stop !== undefined);
    if (ending !== undefined) onRecorded(await ending());
    isBusy = false;
  });
}
