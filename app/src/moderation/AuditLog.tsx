import { useCallback, type ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import type { AuditEntryView, UserView } from '@parley/client';
import { useParley } from '@parley/react';
import { Empty, nameOf, Text, useStyles, useTexts, useUI, type Theme } from '@parley/react-native';
import { useAppTexts } from '../texts/index.js';
import { PageList } from '../PageList.js';
import { ACT_TEXTS } from './actTexts.js';
import { actIn, outcomeIn } from './acts.js';
import { useKnownUsers } from '../useKnownUsers.js';

/** Acts of moderators, API keys and operators, newest first. */
export function AuditLog({ people }: { people: readonly UserView[] }): ReactNode {
  const t = useAppTexts();
  const { safety } = useParley();
  const userOf = useKnownUsers(people);
  const read = useCallback(
    async (cursor: string | undefined) => {
      const { entries, nextCursor } = await safety.getAudit(cursor === undefined ? {} : { cursor });
      return { items: entries, nextCursor };
    },
    [safety],
  );
  return (
    <PageList read={read} empty={<Empty icon="check" title={t('noActs')} />}>
      {(entry) => <AuditRow key={entry._id} entry={entry} userOf={userOf} />}
    </PageList>
  );
}

interface AuditRowProps {
  entry: AuditEntryView;
  userOf: (userId: string) => UserView;
}

/** An act in words, and in small type what operators search for. */
function AuditRow({ entry, userOf }: AuditRowProps): ReactNode {
  const styles = useStyles(createStyles);
  const texts = useTexts();
  const { formats, language } = useUI();
  const words = ACT_TEXTS[language];
  const { actor, action, at, targets } = entry;
  const { userIds = [], conversationId, seq, reportId, keyId, webhookId } = targets;
  const nameFor = (userId: string): string => nameOf(userOf(userId), texts);
  const by = actor.kind === 'moderator' ? nameFor(actor.id) : (actor.name ?? actor.id);
  const codes = [action, conversationId, seq, reportId, keyId, webhookId].filter((one) => one !== undefined);
  return (
    <View style={styles.row}>
      <Text isBold>{actIn(words, entry)}</Text>
      <Text size="small" tone="soft">
        {[`${formats.shortDay(at)} ${formats.clock(at)}`, by, outcomeIn(words, entry)].join(' · ')}
      </Text>
      {userIds.length > 0 && <Text size="small">{userIds.map(nameFor).join(texts('comma'))}</Text>}
      <Text size="tiny" tone="soft">
        {codes.join(' · ')}
      </Text>
    </View>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({ row: { paddingVertical: 8, borderBottomWidth: 1, borderBottomColor: colors.line } });
