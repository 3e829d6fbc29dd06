import { useCallback, type ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import type { AuditEntryView } from '@parley/client';
import { useParley } from '@parley/react';
import { Empty, Text, useStyles, useUI, type Theme } from '@parley/react-native';
import { useAppTexts } from '../texts/index.js';
import { PageList } from '../PageList.js';

/** Acts of moderators, API keys and operators, newest first. */
export function AuditLog(): ReactNode {
  const t = useAppTexts();
  const { safety } = useParley();
  const read = useCallback(
    async (cursor: string | undefined) => {
      const { entries, nextCursor } = await safety.getAudit(cursor === undefined ? {} : { cursor });
      return { items: entries, nextCursor };
    },
    [safety],
  );
  return (
    <PageList read={read} empty={<Empty icon="check" title={t('noActs')} />}>
      {(entry) => <AuditRow key={entry._id} entry={entry} />}
    </PageList>
  );
}

function AuditRow({ entry }: { entry: AuditEntryView }): ReactNode {
  const styles = useStyles(createStyles);
  const { formats } = useUI();
  const { actor, action, at, outcome = '?', targets } = entry;
  const { userIds = [], conversationId, seq, reportId, keyId } = targets;
  const about = [...userIds, conversationId, seq, reportId, keyId].filter((one) => one !== undefined);
  return (
    <View style={styles.row}>
      <Text isBold>{action}</Text>
      <Text size="small" tone="soft">
        {[`${formats.shortDay(at)} ${formats.clock(at)}`, actor.name ?? actor.id, outcome].join(' · ')}
      </Text>
      {about.length > 0 && (
        <Text size="small" tone="soft">
          {about.join(', ')}
        </Text>
      )}
    </View>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({ row: { paddingVertical: 8, borderBottomWidth: 1, borderBottomColor: colors.line } });
