/**
 * Choosing who to be: one of the demo's people, or whoever a token is for.
 *
 * @import { DemoUser } from '../api.js'
 * @import { Session } from '../session.js'
 */
import { fetchDemoUsers } from '../api.js';
import { isolate, showControls } from '../bidi.js';
import { demoSession, tokenSession } from '../session.js';
import { personButton } from './person.js';
import { h, refs, setText } from './dom.js';

const RETRY_MS = 2_000;

/** @returns {Promise<DemoUser[]>} when the server answers, however long that takes */
async function demoUsers(/** @type {(error: unknown) => void} */ onFailure) {
  for (;;) {
    try {
      return await fetchDemoUsers();
    } catch (error) {
      onFailure(error);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/**
 * @param {HTMLElement} root
 * @param {string | undefined} wanted a demo user's id, from the address
 * @returns {Promise<Session>}
 */
export async function chooseSession(root, wanted) {
  const { lead, people, byToken, tokenForm, tokenError } = refs(root);
  root.hidden = false;
  const users = await demoUsers(() => setText(lead, 'The server cannot be reached. Trying again…'));
  const asked = users.find(({ _id }) => _id === wanted);
  if (asked !== undefined) {
    root.hidden = true;
    return demoSession(asked);
  }
  setText(lead, leadFor(users, wanted));
  byToken.open = users.length === 0;
  return new Promise((resolve) => {
    const choose = (/** @type {Session} */ session) => {
      root.hidden = true;
      resolve(session);
    };
    people.replaceChildren(
      ...users.map((user) =>
        h(
          'li',
          {},
          personButton(user, () => choose(demoSession(user))),
        ),
      ),
    );
    tokenForm.addEventListener('submit', (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const session = tokenSession(String(new FormData(tokenForm).get('token')).trim());
      tokenError.hidden = session !== undefined;
      setText(tokenError, 'This is not a JSON Web Token with a subject.');
      if (session !== undefined) choose(session);
    });
  });
}

/**
 * @param {DemoUser[]} users
 * @param {string | undefined} wanted
 */
function leadFor(users, wanted) {
  if (users.length === 0) return 'Sign in with a token of your app’s backend.';
  if (wanted !== undefined)
    return `There is no “${isolate(showControls(wanted))}” in this demo. Who are you?`;
  return 'Who are you? Open a second window as somebody else, and talk.';
}
