/**
 * The dialog that starts a chat: with one of the demo's people, or anybody by their id; perhaps about something.
 *
 * @import { Client } from '../client.js'
 * @import { Occasion } from '../types.js'
 */
import { fetchDemoUsers } from '../api.js';
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
    const answer = await client.startChat(otherUserId, occasionOf(new FormData(form)));
    start.disabled = false;
    if ('error' in answer) {
      setText(error, answer.error);
      error.hidden = false;
      return;
    }
    dialog.close();
    onStarted(answer.id);
  }

  async function listPeople() {
    const me = client.store.getState().me;
    const users = await fetchDemoUsers().catch(() => []);
    const others = users.filter(({ _id }) => _id !== me);
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
 * @returns {Occasion | undefined}
 */
function occasionOf(form) {
  const kind = /** @type {Occasion['kind'] | ''} */ (form.get('kind'));
  const title = String(form.get('title')).trim();
  return kind === '' ? undefined : { kind, ...(title !== '' && { title }) };
}
