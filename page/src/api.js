/**
 * @typedef {object} DemoUser
 * @property {string} _id
 * @property {string} name
 * @property {string} token
 */

/**
 * The demo's people, each with a token. Outside a demo the server answers 404, and the list is empty.
 *
 * @returns {Promise<DemoUser[]>}
 * @throws when the server cannot be reached
 */
export async function fetchDemoUsers() {
  const response = await fetch('/api/demo', { headers: { accept: 'application/json' } });
  if (response.status === 404) return [];
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const answer = await response.json();
  return answer.data.users;
}
