/**
 * Reporting somebody, or a message, to the moderators.
 *
 * @import { Client } from '../client.js'
 * @import { Message, User } from '../types.js'
 */
import { MAX_LENGTHS } from '../limits.js';
import { REPORT_REASONS } from '../safety.js';
import { nameFor, nameWithin, nameWithinFor } from '../selectors.js';
import { openDialog } from './dialog.js';
import { h } from './dom.js';
import { summaryOf } from './summary.js';
import { toast } from './toast.js';

/**
 * @param {Client} client
 * @param {Message | User} what
 */
export function openReport(client, what) {
  const state = client.store.getState();
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
    const outcome = await client.safety.report({
      ...place,
      reason: String(fields.get('reason')),
      ...(comment !== '' && { comment }),
    });
    if ('error' in outcome) return dialog.fail(outcome.error);
    if (block.checked) await client.safety.block(userId, true);
    dialog.close();
    toast('Thank you. The moderators will look at it.');
  });
}
