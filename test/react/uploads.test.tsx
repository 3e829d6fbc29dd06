import type { ReactNode } from 'react';
import { expect, test } from 'vitest';
import { createParleyClient, type Attachment, type ParleyClient } from '@parley/client';
import { fileUploads } from '@parley/client/uploads';
import { ParleyProvider, useAttachment, useMessages, useUpload, useUploads } from '@parley/react';
import { fetchTransfer } from '../../packages/client/src/uploads/transfer.js';
import { photo } from '../attachments/support/files.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { until } from '../support/until.js';
import { renderPage } from './support/dom.js';

const server = sharedServer();

function Composer({ id, onRender }: { id: string; onRender: (value: object) => void }): ReactNode {
  const composer = useUploads(id);
  onRender(composer);
  return (
    <p>
      {composer.uploads.map(({ id: uploadId, name, status }) => (
        <span key={uploadId}>{`draft ${name} ${status === 'failed' ? 'failed' : ''};`}</span>
      ))}
    </p>
  );
}

function Progress({ uploadId }: { uploadId: string }): ReactNode {
  return <em>{`waits for ${useUpload(uploadId)?.progress ?? 'nothing'};`}</em>;
}

function Picture({ attachment }: { attachment: Attachment }): ReactNode {
  const { attachment: shown, onError } = useAttachment(attachment);
  Object.assign(pictures, { onError, url: shown.url, expiresAt: shown.urlExpiresAt });
  return <b>{`picture ${shown.name};`}</b>;
}

const pictures: { onError?: () => void; url?: string; expiresAt?: string } = {};

function Chat({ id }: { id: string }): ReactNode {
  const { messages, pending } = useMessages(id);
  const [first] = messages.flatMap(({ attachments }) => attachments);
  return (
    <div>
      {first !== undefined && <Picture attachment={first} />}
      {pending.flatMap(({ uploads = [] }) => uploads.map((one) => <Progress key={one} uploadId={one} />))}
    </div>
  );
}

test('a composer shows its files, a waiting message their progress, a stored one the file with valid URLs', async () => {
  const [alice, bob] = people('alice', 'bob');
  const id = await (await server().connectAs(bob)).open(alice);
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const client: ParleyClient = createParleyClient({
    url: server().url,
    getToken: () => Promise.resolve(server().token(alice)),
    uploads: fileUploads({
      transfer: async (request) => {
        request.onProgress(request.sizeBytes / 2);
        await held;
        return fetchTransfer(request);
      },
    }),
  });
  const renders: { composer?: ReturnType<typeof useUploads> } = {};
  await using page = await renderPage(
    <ParleyProvider client={client}>
      <Composer id={id} onRender={(composer) => Object.assign(renders, { composer })} />
      <Chat id={id} />
    </ParleyProvider>,
  );
  expect(renders.composer?.send('nothing')).toBeUndefined();
  const { bytes, fileName, mimeType } = await photo();
  renders.composer?.add(new File([bytes], fileName, { type: mimeType }));
  const wrong = renders.composer?.add(new File(['x'], 'b.png', { type: 'image/png' }));
  await until(() => page.text().includes('draft photo.jpg'), { what: 'the first draft' });
  renders.composer?.cancel(wrong?.id ?? '');
  await until(() => !page.text().includes('b.png'));
  const sent = renders.composer?.send('caption');
  await until(() => page.text().includes('waits for 0.5;') && !page.text().includes('draft'));
  release();
  await sent?.stored;
  await until(() => page.text() === 'picture photo.jpg;');
  const before = pictures.expiresAt ?? '';
  pictures.onError?.();
  pictures.onError?.();
  await until(() => client.connectionState.getSnapshot().status === 'online');
  expect(Date.parse(pictures.expiresAt ?? '')).toBeGreaterThanOrEqual(Date.parse(before));
  await client.dispose();
});
