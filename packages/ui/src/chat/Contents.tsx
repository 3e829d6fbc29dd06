import { useState, type ReactNode } from 'react';
import { Image, Linking, Pressable, StyleSheet, View } from 'react-native';
import type { Attachment, Card, Location } from '@parley/client';
import { useAddress, useStyles, useTexts, useUI } from '../context.js';
import { Icon } from '../parts/Icon.js';
import { Text } from '../parts/Text.js';
import { useToast } from '../parts/Toast.js';
import { showControls, showInvisible } from '../bidi.js';
import type { Theme } from '../theme/index.js';

export interface ImageContentProps {
  attachment: Attachment;
  onOpen: () => void;
  /** Several pictures share the width. */
  isSmall?: boolean | undefined;
}

const DEFAULT_RATIO = 4 / 3;

/** A picture in its own shape, as far as the server knows it, within bounds. */
export function ImageContent({ attachment, onOpen, isSmall = false }: ImageContentProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const addressOf = useAddress();
  const [isBroken, setBroken] = useState(false);
  const { width, height, url, thumbnailUrl, name } = attachment;
  const ratio = width !== undefined && height !== undefined && height > 0 ? width / height : DEFAULT_RATIO;
  const shape = { aspectRatio: isSmall ? 1 : Math.min(2.2, Math.max(0.7, ratio)) };
  return (
    <Pressable
      role="button"
      aria-label={name === undefined ? t('openPicture') : `${t('openPicture')}: ${showControls(name)}`}
      onPress={onOpen}
      style={[styles.image, isSmall ? styles.smallImage : styles.largeImage, shape]}
    >
      {isBroken ? (
        <Icon name="image" size={36} />
      ) : (
        <Image
          source={{ uri: addressOf(thumbnailUrl ?? url) }}
          style={styles.fill}
          resizeMode="cover"
          onError={() => setBroken(true)}
        />
      )}
    </Pressable>
  );
}

interface LineProps {
  isOwn: boolean;
}

/** A file: name, size, and a press that opens it. */
export function FileContent({ attachment, isOwn }: LineProps & { attachment: Attachment }): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { formats, theme } = useUI();
  const open = useOpen();
  const name = showInvisible(attachment.name ?? t('file'));
  const size = attachment.sizeBytes === undefined ? undefined : formats.bytes(attachment.sizeBytes);
  return (
    <Pressable
      role="link"
      aria-label={t('openFile', { name })}
      onPress={() => open(attachment.url)}
      style={styles.line}
    >
      <View style={styles.circle}>
        <Icon name="file" color={theme.colors.onAccent} />
      </View>
      <View style={styles.texts}>
        <Text numberOfLines={2} style={isOwn && styles.own}>
          {name}
        </Text>
        {size !== undefined && (
          <Text size="tiny" style={isOwn ? styles.ownMeta : styles.meta}>
            {size}
          </Text>
        )}
      </View>
    </Pressable>
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
  // Other schemes than these could run something.
  return (url) =>
    void (
      /^https?:/i.test(addressOf(url)) ? Linking.openURL(addressOf(url)) : Promise.reject(new Error('scheme'))
    ).catch(() => show(t('noApp')));
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    image: {
      borderRadius: 12,
      overflow: 'hidden',
      backgroundColor: colors.surfaceSunk,
      alignItems: 'center',
      justifyContent: 'center',
    },
    largeImage: { width: 280, maxWidth: '100%' },
    smallImage: { width: 136 },
    fill: { width: '100%', height: '100%' },
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
