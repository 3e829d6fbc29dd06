import type { ReactNode } from 'react';
import { Image, Pressable, StyleSheet, View } from 'react-native';
import type { Attachment, Card, Location } from '@parley/client';
import { useAddress, useStyles, useTexts, useUI } from '../context.js';
import { Icon } from '../parts/Icon.js';
import { Text } from '../parts/Text.js';
import { useToast } from '../parts/Toast.js';
import { fileLine, showControls, showInvisible } from '../bidi.js';
import { openWebAddress } from '../openWebAddress.js';
import type { Theme } from '../theme/index.js';
import { useOpenFile } from './files.js';

interface LineProps {
  isOwn: boolean;
}

/** A file: name, size, and a press that downloads it. */
export function FileContent({ attachment, isOwn }: LineProps & { attachment: Attachment }): ReactNode {
  const t = useTexts();
  const show = useToast();
  const { formats } = useUI();
  const openFile = useOpenFile();
  const name = showInvisible(attachment.name ?? t('file'));
  const size = attachment.sizeBytes === undefined ? undefined : formats.bytes(attachment.sizeBytes);
  const open = (): void => void openFile(attachment, name).catch(() => show(t('noApp')));
  return (
    <Pressable role="link" aria-label={t('openFile', { name })} onPress={open}>
      <FileLine isOwn={isOwn} name={attachment.name ?? t('file')} size={size} />
    </Pressable>
  );
}

export interface FileLineProps extends LineProps {
  /** As its sender wrote it. */
  name: string;
  size: string | undefined;
}

/** Name and size of a file beside its sign. */
export function FileLine({ isOwn, name, size }: FileLineProps): ReactNode {
  const styles = useStyles(createStyles);
  const { theme } = useUI();
  return (
    <View style={styles.line}>
      <View style={styles.circle}>
        <Icon name="file" color={theme.colors.onAccent} />
      </View>
      <View style={styles.texts}>
        <Text numberOfLines={2} style={isOwn && styles.own} testID="file-name">
          {fileLine(name)}
        </Text>
        {size !== undefined && (
          <Text size="tiny" style={isOwn ? styles.ownMeta : styles.meta}>
            {size}
          </Text>
        )}
      </View>
    </View>
  );
}

/** A place: its name and position, and a press that opens a map. */
export function LocationContent({ location, isOwn }: LineProps & { location: Location }): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { theme } = useUI();
  const open = useOpen();
  const { latitude, longitude, title } = location;
  const position = `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`;
  const map = `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`;
  return (
    <Pressable
      role="link"
      aria-label={`${t('openMap')}: ${showControls(title ?? position)}`}
      onPress={() => open(map)}
      style={styles.line}
    >
      <View style={styles.circle}>
        <Icon name="location" color={theme.colors.onAccent} />
      </View>
      <View style={styles.texts}>
        <Text isBold numberOfLines={2} style={isOwn && styles.own}>
          {showControls(title ?? t('location'))}
        </Text>
        <Text size="tiny" style={isOwn ? styles.ownMeta : styles.meta}>
          {position}
        </Text>
      </View>
    </Pressable>
  );
}

/** A product or an order: picture, title and price. */
export function CardContent({ card, isOwn }: LineProps & { card: Card }): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { formats } = useUI();
  return (
    <View style={styles.card}>
      {card.pictureUrl !== undefined && (
        <Image source={{ uri: card.pictureUrl }} style={styles.cardPicture} resizeMode="cover" />
      )}
      <Text size="tiny" style={isOwn ? styles.ownMeta : styles.meta}>
        {t(card.kind)}
      </Text>
      <Text isBold style={isOwn && styles.own} dir="auto">
        {showControls(card.title)}
      </Text>
      {card.price !== undefined && <Text style={isOwn && styles.own}>{formats.price(card.price)}</Text>}
    </View>
  );
}

function useOpen(): (url: string) => void {
  const t = useTexts();
  const show = useToast();
  const addressOf = useAddress();
  return (url) => void openWebAddress(addressOf(url)).catch(() => show(t('noApp')));
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    line: { flexDirection: 'row', alignItems: 'center', gap: 10, minHeight: 48, paddingEnd: 8 },
    circle: {
      width: 40,
      height: 40,
      borderRadius: 20,
      alignItems: 'center',
      justifyContent: 'center',
      backgroundColor: colors.accentFill,
    },
    texts: { flexShrink: 1, minWidth: 0 },
    own: { color: colors.onOwnBubble },
    meta: { color: colors.otherBubbleMeta },
    ownMeta: { color: colors.ownBubbleMeta },
    card: { width: 240, maxWidth: '100%', gap: 2 },
    cardPicture: { width: '100%', height: 150, borderRadius: 12, marginBottom: 4 },
  });
