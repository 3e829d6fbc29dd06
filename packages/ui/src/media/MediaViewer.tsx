import { useCallback, useState, type ReactNode } from 'react';
import { Image, StyleSheet, View } from 'react-native';
import type { Attachment } from '@parley/client';
import { useOpenFile, usePicture } from '../chat/files.js';
import { useTexts, useUI } from '../context.js';
import { IconButton } from '../parts/Buttons.js';
import { ModalLayer } from '../parts/ModalLayer.js';
import { labelDialog } from '../parts/labelDialog.js';
import { Icon } from '../parts/Icon.js';
import { useReturnedFocus } from '../parts/returnFocus.js';
import { Text } from '../parts/Text.js';
import { useToast } from '../parts/Toast.js';
import { showControls } from '../bidi.js';
import { holdPage } from './holdPage.js';
import { useSwipe } from './useSwipe.js';

export interface MediaViewerProps {
  pictures: readonly Attachment[];
  /** Number of the one that is shown first, from 0. */
  first: number;
  onClose: () => void;
}

/** Pictures over the whole window, one at a time. Arrow keys and swipes turn the pages; Escape, or a swipe down, closes. */
export function MediaViewer({ pictures, first, onClose }: MediaViewerProps): ReactNode {
  const t = useTexts();
  const { direction, language } = useUI();
  const [index, setIndex] = useState(first);
  const picture = pictures[index];
  const title = t('picture', { n: index + 1, total: pictures.length });
  const layer = useReturnedFocus();
  const named = useCallback(
    (inner: View | null) => {
      layer(inner);
      labelDialog(inner, title);
    },
    [layer, title],
  );
  const turn = (by: number): void =>
    setIndex((before) => Math.min(pictures.length - 1, Math.max(0, before + by)));
  const toRight = direction === 'rtl' ? -1 : 1;
  const swipes = useSwipe((to) => (to === 0 ? onClose() : turn(-to * toRight)));
  if (picture === undefined) return null;
  return (
    <ModalLayer onClose={onClose}>
      <View
        ref={named}
        dir={direction}
        lang={language}
        style={styles.layer}
        onKeyDown={({ key }) => {
          if (key === 'ArrowLeft') turn(-toRight);
          if (key === 'ArrowRight') turn(toRight);
        }}
      >
        <Head picture={picture} title={title} onClose={onClose} />
        <View ref={holdPage} style={styles.stage} {...swipes}>
          <Shown key={picture.attachmentId ?? picture.url} picture={picture} title={title} />
        </View>
        {pictures.length > 1 && <Turns index={index} count={pictures.length} turn={turn} />}
      </View>
    </ModalLayer>
  );
}

function Shown({ picture, title }: { picture: Attachment; title: string }): ReactNode {
  const { uri, onError } = usePicture(picture, 'full');
  if (uri === undefined)
    return (
      <View style={styles.broken}>
        <Icon name="image" size={48} color="#ffffff" />
      </View>
    );
  return (
    <Image
      source={{ uri }}
      style={styles.picture}
      resizeMode="contain"
      aria-label={picture.name ?? title}
      onError={onError}
    />
  );
}

interface HeadProps {
  picture: Attachment;
  title: string;
  onClose: () => void;
}

function Head({ picture, title, onClose }: HeadProps): ReactNode {
  const t = useTexts();
  const show = useToast();
  const openFile = useOpenFile();
  return (
    <View style={styles.head}>
      <IconButton tone="light" icon="close" label={t('close')} onPress={onClose} />
      <View style={styles.texts}>
        {picture.name !== undefined && (
          <Text numberOfLines={1} style={styles.text}>
            {showControls(picture.name)}
          </Text>
        )}
        <Text size="tiny" style={styles.text}>
          {title}
        </Text>
      </View>
      <IconButton
        tone="light"
        icon="file"
        label={t('downloadFile')}
        onPress={() => void openFile(picture, picture.name ?? title).catch(() => show(t('noApp')))}
      />
    </View>
  );
}

interface TurnsProps {
  index: number;
  count: number;
  turn: (by: number) => void;
}

function Turns({ index, count, turn }: TurnsProps): ReactNode {
  const t = useTexts();
  const light = { tone: 'light' } as const;
  return (
    <View style={styles.turns}>
      <IconButton
        {...light}
        icon="back"
        label={t('previousPicture')}
        disabled={index === 0}
        onPress={() => turn(-1)}
      />
      <IconButton
        {...light}
        icon="forward"
        label={t('nextPicture')}
        disabled={index === count - 1}
        onPress={() => turn(1)}
      />
    </View>
  );
}

const styles = StyleSheet.create({
  layer: { flex: 1, backgroundColor: '#000000' },
  head: { flexDirection: 'row', alignItems: 'center', gap: 8, padding: 8 },
  texts: { flex: 1, minWidth: 0 },
  text: { color: '#ffffff' },
  stage: { flex: 1, minHeight: 0 },
  picture: { flex: 1, width: '100%' },
  broken: { flex: 1, alignItems: 'center', justifyContent: 'center' },
  turns: { flexDirection: 'row', justifyContent: 'center', gap: 24, padding: 8 },
});
