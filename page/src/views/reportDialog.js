/**
 * Reporting somebody, or a message, to the moderators.
 *
 * @import { Client } from '../client.js'
 * @import { Message, UserView } from '@parley/client'
 */
import { nameFor, nameWithin, nameWithinFor } from '../names.js';
import { attempt } from '../sentences.js';
import { MAX_LENGTHS } from '../limits.js';
import { openDialog } from './dialog.js';
import { h } from './dom.js';
import { summaryOf } from './summary.js';
import { toast, told } from './toast.js';

const REPORT_REASONS = {
  spam: 'Spam',
  harassment: 'Harassment or threats',
  nudity: 'Nudity',
  scam: 'A scam',
  underage: 'Somebody under age',
  other: 'Something else',
};

/**
 * @param {Client} client
 * @param {Message | UserView} what
 */
export function openReport(client, what) {
  const state = client.state();
  const isMessage = 'seq' in what;
  const userId = isMessage ? what.senderId : what._id;
  const place = isMessage ? { conversationId: what.conversationId, seq: what.seq } : { userId };
  const note = isMessage
    ? [h('bdi', {}, nameFor(state, userId)), `: ${summaryOf(state, what)}`]
    : ['The moderators see who they are. They are not told who reported them.'];
  const block = h('input', { type: 'checkbox', name: 'block' });
  const form = h(
    'form',
    {},
    h('p', { class: isMessage ? 'report-quote' : 'dialog-text', dir: 'auto' }, ...note),
    h(
      'fieldset',
      { class: 'choices' },
      h('legend', {}, 'What is wrong?'),
      ...Object.entries(REPORT_REASONS).map(([value, label], index) =>
        h(
          'label',
          { class: 'choice' },
          h('input', { type: 'radio', name: 'reason', value, required: true, checked: index === 0 }),
          label,
        ),
      ),
    ),
    h(
      'label',
      { class: 'field' },
      h('span', {}, 'Anything the moderators should know'),
      h('textarea', { name: 'comment', rows: '3', 'data-max-length': String(MAX_LENGTHS.comment) }),
    ),
    h(
      'label',
      { class: 'choice' },
      block,
      `Also block ${isMessage ? nameWithinFor(state, userId) : nameWithin(what)}`,
    ),
    h('footer', { class: 'dialog-foot' }, h('button', { class: 'button button-danger' }, 'Report')),
  );
  const dialog = openDialog({
    title: isMessage ? 'Report this message' : `Report ${nameWithin(what)}`,
    content: [form],
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const fields = new FormData(form);
    const comment = String(fields.get('comment')).trim();
    const reason = /** @type {keyof typeof REPORT_REASONS} */ (fields.get('reason'));
    const { safety } = client.parley;
    const { error } = await attempt(safety.report({ ...place, reason, ...(comment !== '' && { comment }) }));
    if (error !== undefined) return dialog.fail(error);
    if (block.checked) await told(safety.block(userId));
    dialog.close();
    toast('Thank you. The moderators will look at it.');
  });
}
