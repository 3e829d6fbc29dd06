import type { ReactNode } from 'react';
import { Image, Pressable, StyleSheet, View } from 'react-native';
import type { Attachment } from '@parley/client';
import { useStyles, useTexts } from '../context.js';
import { Icon } from '../parts/Icon.js';
import { showControls } from '../bidi.js';
import type { Theme } from '../theme/index.js';
import { useBlur, usePicture } from './files.js';

export interface ImageContentProps {
  attachment: Attachment;
  onOpen: () => void;
  /** Several pictures share the width. */
  isSmall?: boolean | undefined;
}

/** A picture of a message. Its place is kept, and blurred, before it is loaded. */
export function ImageContent({ attachment, onOpen, isSmall = false }: ImageContentProps): ReactNode {
  const t = useTexts();
  const { uri, onError } = usePicture(attachment, 'thumbnail');
  const blur = useBlur(attachment.thumbhash);
  const { width = 0, height = 0, name } = attachment;
  const label = name === undefined ? t('openPicture') : `${t('openPicture')}: ${showControls(name)}`;
  return (
    <Pressable role="button" aria-label={label} onPress={onOpen}>
      <Picture
        uri={uri}
        onError={onError}
        blur={blur}
        ratio={height > 0 ? width / height : undefined}
        isSmall={isSmall}
      />
    </Pressable>
  );
}

export interface PictureProps {
  /** Undefined: there is nothing to load, a drawing stands for it. */
  uri: string | undefined;
  onError?: (() => void) | undefined;
  /** Address of what is shown until the picture is loaded. */
  blur?: string | undefined;
  /** Width by height, as far as it is known. */
  ratio: number | undefined;
  isSmall: boolean;
  /** Drawn over the picture. */
  children?: ReactNode;
}

const DEFAULT_RATIO = 4 / 3;
/** Width of a picture of its own, in pixels; two small ones are as wide. */
export const PICTURE_WIDTH = 280;
export const SMALL_WIDTH = 136;

/** A picture in its own shape, within bounds. */
export function Picture({ uri, onError, blur, ratio, isSmall, children }: PictureProps): ReactNode {
  const styles = useStyles(createStyles);
  const shape = isSmall ? 1 : Math.min(2.2, Math.max(0.7, ratio ?? DEFAULT_RATIO));
  return (
    <View style={[styles.frame, isSmall ? styles.small : styles.large, { aspectRatio: shape }]}>
      {blur !== undefined && <Image source={{ uri: blur }} style={styles.under} resizeMode="cover" />}
      {uri === undefined ? (
        <Icon name="image" size={36} />
      ) : (
        <Image source={{ uri }} style={styles.fill} resizeMode="cover" onError={onError} />
      )}
      {children}
    </View>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    frame: {
      borderRadius: 12,
      overflow: 'hidden',
      backgroundColor: colors.surfaceSunk,
      alignItems: 'center',
      justifyContent: 'center',
    },
    large: { width: PICTURE_WIDTH, maxWidth: '100%' },
    small: { width: SMALL_WIDTH },
    under: { position: 'absolute', top: 0, start: 0, width: '100%', height: '100%' },
    fill: { width: '100%', height: '100%' },
  });
