import { makePhoto, UploadClient } from '../load/uploadClient.js';
import { Samples } from '../load/samples.js';
import { times, type Check, type Figure } from '../results.js';
import { makeUserIds, settle, type Scenario, type Stage } from './scenario.js';

const PER_SECOND = 200;
const USERS = 200;
const PAGE = 100;
const group = 'user';

const round = (value: number): number => Math.round(value * 100) / 100;

const sendSteadily = (stage: Stage) =>
  stage.load.run('openLoop', {
    group,
    perSecond: PER_SECOND,
    warmUpMs: stage.quick ? 500 : 3_000,
    measureMs: stage.quick ? 3_000 : 15_000,
  });

/** Messages at a steady rate, alone and while photos of 12 megapixels are being checked all the time. */
async function measureChecks(stage: Stage, client: UploadClient) {
  const photo = await makePhoto(4_000, 3_000);
  await client.upload(photo);
  stage.progress('sending without uploads');
  const alone = await sendSteadily(stage);
  stage.progress(`sending beside uploads of ${Math.round(photo.length / 1_024)} KB`);
  const checks = new Samples();
  const sending = { isOver: false };
  const uploading = (async () => {
    while (!sending.isOver) checks.add((await client.upload(photo)).checkMs);
  })();
  const beside = await sendSteadily(stage).finally(() => {
    sending.isOver = true;
  });
  await uploading;
  const figures: Figure[] = [
    ...times('photo: complete→ready', checks.quantiles()),
    ...times('send→delivered, alone', alone.toDeliver),
    ...times('send→delivered, beside photos', beside.toDeliver),
    {
      name: 'beside photos ÷ alone, p99',
      unit: 'x',
      value: round(beside.toDeliver.p99 / alone.toDeliver.p99),
    },
  ];
  return { figures, traffic: beside };
}

/** Conversation of the client with a user who exists. */
async function openChat(client: UploadClient, otherUserId: string): Promise<string> {
  const { conversation } = await client.ask<{ conversation: { _id: string } }>(
    'POST',
    '/api/chats/create-or-get',
    { otherUserId },
  );
  return conversation._id;
}

/** Pages of 100 messages, each with an image, against pages of 100 captions. Read in turn, so that both share every disturbance. */
async function measurePages(stage: Stage, client: UploadClient) {
  const [plain, full] = [await openChat(client, 'user-00000'), await openChat(client, 'user-00001')];
  const image = await makePhoto(64, 64);
  stage.progress(`sending ${PAGE} images`);
  for (let index = 0; index < PAGE; index += 1) {
    const { attachmentId } = await client.upload(image);
    const send = (id: string, attachments?: object[]) =>
      client.ask('POST', `/api/conversations/${id}/messages`, {
        clientMessageId: `m${index}`,
        content: 'A caption of some words',
        ...(attachments !== undefined && { attachments }),
      });
    await send(plain);
    await send(full, [{ attachmentId }]);
  }
  const [without, withImages] = [new Samples(), new Samples()];
  let images = 0;
  const read = async (id: string, samples: Samples | undefined): Promise<void> => {
    const startedMs = performance.now();
    const { messages } = await client.ask<{ messages: { attachments: { url?: string }[] }[] }>(
      'GET',
      `/api/conversations/${id}/messages`,
    );
    samples?.add(performance.now() - startedMs);
    images = messages.filter(({ attachments }) => attachments[0]?.url !== undefined).length;
  };
  const rounds = stage.quick ? 50 : 300;
  for (let index = -20; index < rounds; index += 1) {
    await read(plain, index < 0 ? undefined : without);
    await read(full, index < 0 ? undefined : withImages);
  }
  const ratio = round(withImages.quantiles().p50 / without.quantiles().p50);
  const figures: Figure[] = [
    ...times(`${PAGE} messages`, without.quantiles()),
    ...times(`${PAGE} messages with images`, withImages.quantiles()),
    { name: 'with images ÷ without, p50', unit: 'x', value: ratio },
  ];
  const check: Check = {
    name: 'every message of the page has its image',
    passed: images === PAGE,
    detail: `${images} of ${PAGE}`,
  };
  return { figures, checks: [check] };
}

async function run(stage: Stage) {
  const { ports, secret = '' } = stage.subject.server;
  await stage.load.run('connect', {
    server: stage.subject.server,
    group,
    userIds: makeUserIds(group, USERS),
    atOnce: 50,
  });
  await stage.load.run('pairUp', { group });
  await settle(stage);
  const client = new UploadClient({ port: ports[0] ?? 0, secret }, 'photographer');
  const checked = await measureChecks(stage, client);
  await settle(stage);
  const pages = await measurePages(stage, client);
  const loss: Check = {
    name: 'every message beside photos is acknowledged and delivered',
    passed: checked.traffic.acknowledged === checked.traffic.sent,
    detail: `${checked.traffic.acknowledged} of ${checked.traffic.sent}`,
  };
  return { figures: [...checked.figures, ...pages.figures], checks: [loss, ...pages.checks] };
}

export const FILES: Scenario = {
  id: 'k',
  title: 'Photos of 12 megapixels checked beside 200 messages/s; pages of 100 messages with images',
  targets: ['parley'],
  run,
};
