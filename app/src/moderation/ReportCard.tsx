import { useState, type ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import {
  LIMITS,
  type MessageView,
  type ReportDecision,
  type ReportView,
  type UserView,
} from '@parley/client';
import { useParley } from '@parley/react';
import {
  Button,
  Field,
  cleanText,
  fits,
  nameOf,
  PersonRow,
  Text,
  useAsk,
  useAttempt,
  useStyles,
  useTexts,
  useUI,
  type TextKey,
  type Theme,
} from '@parley/react-native';
import { useAppTexts, type AppTextKey } from '../texts/index.js';
import { ReportFiles } from './ReportFiles.js';
import { useKnownUsers } from '../useKnownUsers.js';

const DECISIONS: Readonly<Record<ReportDecision, AppTextKey>> = {
  dismiss: 'dismiss',
  deleteMessage: 'deleteMessage',
  restrictUser: 'restrictUser',
  banUser: 'banUser',
};

const REASONS = {
  spam: 'reasonSpam',
  harassment: 'reasonHarassment',
  nudity: 'reasonNudity',
  scam: 'reasonScam',
  underage: 'reasonUnderage',
  other: 'reasonOther',
} as const satisfies Record<ReportView['reason'], TextKey>;

export interface ReportCardProps {
  report: ReportView;
  /** Users of the app's directory. */
  people: readonly UserView[];
  onDecided: () => void;
}

/** One report: the reported user, the reason, what was written around the message, and the decision. */
export function ReportCard({ report, people, onDecided }: ReportCardProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useAppTexts();
  const texts = useTexts();
  const userOf = useUsersOf(report, people);
  const user = userOf(report.userId);
  return (
    <View role="article" aria-label={t('reportOf', nameOf(user, texts))} style={styles.card}>
      <PersonRow user={user} note={texts(REASONS[report.reason])} />
      <Text size="small" tone="soft">
        {t('reportedBy', nameOf(userOf(report.reporterId), texts))}
      </Text>
      {report.comment !== undefined && <Text>{report.comment}</Text>}
      <Context report={report} />
      {report.status === 'open' ? (
        <Decide report={report} user={user} onDecided={onDecided} />
      ) : (
        <Decided report={report} moderator={userOf(report.resolvedBy ?? '')} />
      )}
    </View>
  );
}

/** Returns the function that gives a user as far as the messages of the report, this device or the directory know them. */
function useUsersOf({ context }: ReportView, people: readonly UserView[]): (userId: string) => UserView {
  const known = useKnownUsers(people);
  const senders = context.flatMap((entry) => (entry.kind === 'hidden' ? [] : [entry.sender]));
  return (userId) => senders.find(({ _id }) => _id === userId) ?? known(userId);
}

/** The messages around the reported one, which is marked. */
function Context({ report }: { report: ReportView }): ReactNode {
  const styles = useStyles(createStyles);
  const shown = report.context.filter((entry) => entry.kind !== 'hidden');
  if (shown.length === 0) return null;
  return (
    <View style={styles.context}>
      {shown.map((message) => (
        <Entry key={message.seq} message={message} report={report} />
      ))}
    </View>
  );
}

function Entry({ message, report }: { message: MessageView; report: ReportView }): ReactNode {
  const styles = useStyles(createStyles);
  const texts = useTexts();
  const { formats } = useUI();
  const { content, attachments, createdAt, deletedAt, sender } = message;
  const isReported = message.seq === report.seq;
  const files = (isReported ? report.files : undefined) ?? attachments;
  const head = [nameOf(sender, texts), formats.shortDay(createdAt), formats.clock(createdAt)].join(
    texts('comma'),
  );
  return (
    <View style={[styles.entry, isReported && styles.reported]}>
      <Text size="small" tone="soft">
        {head}
      </Text>
      <Text isBold={isReported}>{deletedAt === undefined ? content : texts('deleted')}</Text>
      {files.length > 0 && <ReportFiles files={files} />}
    </View>
  );
}

interface DecideProps extends Omit<ReportCardProps, 'people'> {
  user: UserView;
}

function Decide({ report, user, onDecided }: DecideProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useAppTexts();
  const texts = useTexts();
  const ask = useAsk();
  const attempt = useAttempt();
  const { safety } = useParley();
  const [note, setNote] = useState('');
  async function decide(decision: ReportDecision): Promise<void> {
    const choices = [{ label: t(DECISIONS[decision]), value: true }];
    const question = { title: t(DECISIONS[decision]), text: t('decideText', nameOf(user, texts)), choices };
    if (decision !== 'dismiss' && (await ask(question)) !== true) return;
    const resolution = cleanText(note);
    const input = { reportId: report._id, decision, ...(resolution !== '' && { resolution }) };
    if ((await attempt(safety.resolveReport(input), t('decided'))) !== undefined) onDecided();
  }
  const isTooLong = !fits(note, LIMITS.maxCommentChars);
  const button = (decision: ReportDecision, tone: 'quiet' | 'danger' = 'danger'): ReactNode => (
    <Button
      label={t(DECISIONS[decision])}
      tone={tone}
      disabled={isTooLong}
      onPress={() => void decide(decision)}
    />
  );
  return (
    <>
      <Field label={t('note')} value={note} onChangeText={setNote} maxChars={LIMITS.maxCommentChars} />
      <View style={styles.buttons}>
        {button('dismiss', 'quiet')}
        {report.seq !== undefined && button('deleteMessage')}
        {button('restrictUser')}
        {button('banUser')}
      </View>
    </>
  );
}

function Decided({ report, moderator }: { report: ReportView; moderator: UserView }): ReactNode {
  const t = useAppTexts();
  const texts = useTexts();
  const { formats } = useUI();
  const { decision, resolution, resolvedAt } = report;
  const parts = [
    decision !== undefined && t(DECISIONS[decision]),
    resolution,
    nameOf(moderator, texts),
    resolvedAt !== undefined && formats.shortDay(resolvedAt),
  ];
  return (
    <Text size="small" tone="soft">
      {parts.filter(Boolean).join(' · ')}
    </Text>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    card: { gap: 10, padding: 14, borderWidth: 1, borderColor: colors.line, borderRadius: 14 },
    context: { gap: 4 },
    entry: { paddingHorizontal: 10, paddingVertical: 6, borderRadius: 10 },
    reported: { backgroundColor: colors.page, borderStartWidth: 3, borderStartColor: colors.danger },
    buttons: { flexDirection: 'row', flexWrap: 'wrap', gap: 8 },
  });
