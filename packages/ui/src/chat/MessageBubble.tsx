import type { ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import { SYSTEM_USER_ID, type Attachment, type Message } from '@parley/client';
import { asideKey, entryAt, logOf, quoteOf } from '@parley/client/selectors';
import type { MessageItem } from '@parley/react';
import { useStyles, useTexts, useUI } from '../context.js';
import type { Tick } from '../list/preview.js';
import { hashOf } from '../parts/Avatar.js';
import { Text } from '../parts/Text.js';
import { Ticks } from '../parts/Ticks.js';
import { nameOf, useClientState } from '../state.js';
import { kindOf, wordsOf } from '../summary.js';
import type { Theme } from '../theme/index.js';
import { useChat } from './chatContext.js';
import { CardContent, FileContent, LocationContent } from './Contents.js';
import { isFewEmoji } from './links.js';
import { MessageText } from './MessageText.js';
import { PendingFiles } from './PendingFiles.js';
import { ImageContent, PICTURE_WIDTH } from './Picture.js';
import { Quote } from './Quote.js';
import type { BubbleProps } from './slots.js';
import { VoiceContent } from './VoiceContent.js';

export const tickOf = ({ status }: MessageItem): Tick => (status === 'pending' ? 'sending' : status);

/** A message in its bubble: sender, quote, content, text, time and ticks. Belongs inside a `<Chat>`. */
export function MessageBubble(props: BubbleProps): ReactNode {
  const { item, conversationType } = props;
  const styles = useStyles(createStyles);
  const { slots } = useChat();
  const { isOwn, startsGroup, message, content } = item;
  const isDeleted = message?.deletedAt !== undefined;
  const isNamed = conversationType !== 'direct' || message?.senderId === SYSTEM_USER_ID;
  const showsSender = !isOwn && startsGroup && isNamed && message !== undefined;
  const isBare =
    isFewEmoji(content) && !isDeleted && message?.kind === 'text' && message.replyTo === undefined;
  return (
    <View
      testID="bubble"
      style={[
        styles.bubble,
        isOwn ? styles.own : styles.other,
        startsGroup && (isOwn ? styles.ownStart : styles.otherStart),
        isBare && styles.bare,
        isAsWideAsPictures(item) && styles.withPictures,
      ]}
    >
      {showsSender && <Sender message={message} />}
      <ReplyQuote item={item} />
      {!isDeleted && <Carried {...props} />}
      <View style={styles.foot}>
        {isDeleted ? <Deleted isOwn={isOwn} /> : (slots.renderMessageText?.(props) ?? <Words {...props} />)}
        <Meta {...props} />
      </View>
    </View>
  );
}

/** With pictures, and with several files on their way: some may be pictures. */
const isAsWideAsPictures = ({ message, pending }: MessageItem): boolean =>
  message === undefined
    ? (pending?.uploads?.length ?? 0) > 1
    : message.deletedAt === undefined && message.attachments.some(({ kind }) => kind === 'image');

function Words({ item }: BubbleProps): ReactNode {
  return item.content === '' ? null : <MessageText text={item.content} isOwn={item.isOwn} />;
}

function Deleted({ isOwn }: { isOwn: boolean }): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  return <Text style={[styles.deleted, isOwn ? styles.ownMeta : styles.meta]}>{t('deleted')}</Text>;
}

function Sender({ message }: { message: Message }): ReactNode {
  const t = useTexts();
  const { names } = useUI().theme.colors;
  return (
    <Text
      size="small"
      isBold
      numberOfLines={1}
      style={{ color: names[hashOf(message.senderId) % names.length] }}
    >
      {nameOf(message.sender, t)}
    </Text>
  );
}

/** Messages that are not sent yet bring no quote: it is made from what is on the device. */
function ReplyQuote({ item }: { item: MessageItem }): ReactNode {
  const { conversationId, commands } = useChat();
  const { message, pending, isOwn } = item;
  const seq = message?.deletedAt === undefined ? (message?.replyTo ?? pending?.replyTo) : undefined;
  const known = useClientState((state) =>
    seq === undefined
      ? undefined
      : (entryAt(logOf(state, conversationId), seq) ?? state.aside[asideKey(conversationId, seq)]),
  );
  if (seq === undefined) return null;
  const quote = message?.quoted ?? (known === undefined ? undefined : quoteOf(known));
  return <Quote quote={quote} isOwn={isOwn} onPress={() => commands.jumpTo(seq)} />;
}

/** Time, "edited", and the ticks of own messages. */
function Meta(props: BubbleProps): ReactNode {
  const { item } = props;
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { formats, theme } = useUI();
  const { slots } = useChat();
  const { message, pending, isOwn } = item;
  const color = isOwn ? theme.colors.ownBubbleMeta : theme.colors.otherBubbleMeta;
  const at = message?.createdAt ?? pending?.createdAt ?? '';
  const isEdited = message?.editedAt !== undefined && message.deletedAt === undefined;
  return (
    <View style={styles.metaLine}>
      {slots.renderTime?.(props) ?? (
        <Text size="tiny" style={{ color }}>
          {isEdited && `${t('edited')} `}
          {formats.clock(at)}
        </Text>
      )}
      {isOwn && (slots.renderTicks?.(props) ?? <Ticks tick={tickOf(item)} color={color} />)}
    </View>
  );
}

/** Pictures, voice, files, a place or a card. */
function Carried(props: BubbleProps): ReactNode {
  const { item } = props;
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { slots } = useChat();
  const { message, pending, isOwn } = item;
  const { location, card } = message ?? pending ?? {};
  if (location !== undefined)
    return (
      (message && slots.renderMessageLocation?.({ ...props, message })) ?? (
        <LocationContent location={location} isOwn={isOwn} />
      )
    );
  if (card !== undefined)
    return (
      (message && slots.renderMessageCard?.({ ...props, message })) ?? (
        <CardContent card={card} isOwn={isOwn} />
      )
    );
  if (message !== undefined) return <Attachments {...props} message={message} />;
  if (pending?.uploads !== undefined)
    return <PendingFiles ids={pending.uploads} isFailed={pending.status === 'failed'} />;
  // Files of an app's own uploads have no address yet.
  if (pending === undefined || kindOf(pending) === 'text') return null;
  return <Text style={styles.ownMeta}>{wordsOf({ kind: kindOf(pending) }, t)}</Text>;
}

function Attachments(props: BubbleProps & { message: Message }): ReactNode {
  const { message, item } = props;
  const styles = useStyles(createStyles);
  const { slots, commands } = useChat();
  const pictures = message.attachments.filter(({ kind }) => kind === 'image');
  const show = (attachment: Attachment, index: number): ReactNode => {
    const given = { ...props, attachment };
    if (attachment.kind === 'voice')
      return slots.renderMessageAudio?.(given) ?? <VoiceContent attachment={attachment} isOwn={item.isOwn} />;
    if (attachment.kind === 'file')
      return slots.renderMessageFile?.(given) ?? <FileContent attachment={attachment} isOwn={item.isOwn} />;
    return (
      slots.renderMessageImage?.(given) ?? (
        <ImageContent
          attachment={attachment}
          isSmall={pictures.length > 1}
          onOpen={() => commands.openMedia(message, index)}
        />
      )
    );
  };
  if (message.attachments.length === 0) return null;
  return (
    <View style={styles.attachments}>
      {message.attachments.map((attachment, index) => (
        <View key={attachment.attachmentId ?? `${attachment.url} ${index}`} style={styles.attachment}>
          {show(attachment, index)}
        </View>
      ))}
    </View>
  );
}

const createStyles = ({ colors, sizes }: Theme) =>
  StyleSheet.create({
    bubble: {
      maxWidth: '100%',
      minWidth: 72,
      paddingHorizontal: 12,
      paddingTop: 7,
      paddingBottom: 6,
      borderRadius: sizes.bubbleRadius,
    },
    // As wide as a picture: the text below it wraps.
    withPictures: { width: PICTURE_WIDTH + 12 },
    own: { backgroundColor: colors.ownBubble },
    other: {
      backgroundColor: colors.otherBubble,
      boxShadow: '0 1px 1px rgba(20, 24, 50, 0.06)',
    },
    ownStart: { borderTopEndRadius: 6 },
    otherStart: { borderTopStartRadius: 6 },
    bare: { backgroundColor: 'transparent', boxShadow: 'none', paddingHorizontal: 4 },
    foot: {
      flexDirection: 'row',
      flexWrap: 'wrap',
      alignItems: 'flex-end',
      columnGap: 10,
    },
    metaLine: { flexDirection: 'row', alignItems: 'center', gap: 4, marginStart: 'auto', minHeight: 18 },
    meta: { color: colors.otherBubbleMeta },
    ownMeta: { color: colors.ownBubbleMeta },
    deleted: { fontStyle: 'italic' },
    attachments: { flexDirection: 'row', flexWrap: 'wrap', gap: 4, marginBottom: 4, marginHorizontal: -6 },
    attachment: { maxWidth: '100%' },
  });
