/**
 * The dialog that starts a chat: with one of the demo's people, or anybody by their id; perhaps about something.
 *
 * @import { Client } from '../client.js'
 * @import { OccasionInput } from '@parley/client'
 */
import { fetchDemoUsers } from '../api.js';
import { attempt } from '../sentences.js';
import { h, refs, setText } from './dom.js';
import { personButton } from './person.js';

/**
 * @param {HTMLDialogElement} dialog
 * @param {Client} client
 * @param {(conversationId: string) => void} onStarted
 * @returns {() => void} opens it
 */
export function mountNewChat(dialog, client, onStarted) {
  const { form, people, userId, error, start, close } = refs(dialog);

  /** @param {string} otherUserId */
  async function begin(otherUserId) {
    start.disabled = true;
    error.hidden = true;
    const started = await attempt(client.startChat(otherUserId, occasionOf(new FormData(form))));
    start.disabled = false;
    if (started.error !== undefined) {
      setText(error, started.error);
      error.hidden = false;
      return;
    }
    dialog.close();
    onStarted(started.value);
  }

  async function listPeople() {
    const users = await fetchDemoUsers().catch(() => []);
    const others = users.filter(({ _id }) => _id !== client.state().userId);
    people.replaceChildren(
      ...others.map((user) =>
        h(
          'li',
          {},
          personButton(user, () => void begin(user._id)),
        ),
      ),
    );
  }

  form.addEventListener('submit', (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    void begin(userId.value.trim());
  });
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });

  return () => {
    form.reset();
    error.hidden = true;
    dialog.showModal();
    void listPeople();
  };
}

/**
 * @param {FormData} form
 * @returns {OccasionInput | undefined}
 */
function occasionOf(form) {
  const kind = /** @type {OccasionInput['kind'] | ''} */ (form.get('kind'));
  const title = String(form.get('title')).trim();
  return kind === '' ? undefined : { kind, ...(title !== '' && { title }) };
}
