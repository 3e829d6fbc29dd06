import type { SampleContext } from './samples.js';

const CURSOR = 'WyIyMDI2LTAxLTAyIl0';

/** Ids and cursors of the examples in the generated documents. They look like real ones and are the same at each run. */
export const createExampleContext = (): SampleContext => {
  let count = 0;
  return {
    conversationId: '65f0c1a2b3c4d5e6f7a8b9c0',
    messageId: '65f0c1a2b3c4d5e6f7a8b9c1',
    groupId: '65f0c1a2b3c4d5e6f7a8b9c2',
    reportId: '65f0c1a2b3c4d5e6f7a8b9c3',
    attachmentId: '65f0c1a2b3c4d5e6f7a8b9c4',
    webhookId: '9f2c41d07ab3',
    webhookUrl: 'https://backend.example.com/parley',
    callerId: 'alice',
    otherUserId: 'bob',
    strangerId: 'carol',
    token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl',
    cursors: {
      list: CURSOR,
      sync: CURSOR,
      members: CURSOR,
      blocked: CURSOR,
      reports: CURSOR,
      audit: CURSOR,
      search: CURSOR,
    },
    newUuid: () => `0b6d2a60-1c3e-4f52-9d3b-${String(++count).padStart(12, '0')}`,
  };
};
