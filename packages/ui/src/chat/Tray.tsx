import { useState, type ReactNode } from 'react';
import { Image, Pressable, ScrollView, StyleSheet, View } from 'react-native';
import { LIMITS } from '@parley/client';
import { useStyles, useTexts } from '../context.js';
import { IconButton } from '../parts/Buttons.js';
import { Icon } from '../parts/Icon.js';
import { Text } from '../parts/Text.js';
import { showControls } from '../bidi.js';
import { KIND_ICONS } from '../summary.js';
import type { Theme } from '../theme/index.js';
import type { AttachmentTray, TrayItem } from './attachmentTray.js';
import { useFileLimitText } from './fileLimit.js';
import { UploadProgress } from './UploadProgress.js';

/** Chosen files above the message field, with their progress. */
export function Tray({ tray }: { tray: AttachmentTray }): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const limit = useFileLimitText();
  if (tray.items.length === 0) return null;
  return (
    <>
      <ScrollView horizontal role="group" aria-label={t('filesToSend')} contentContainerStyle={styles.line}>
        {tray.items.map((item) => (
          <Item key={item.id} item={item} tray={tray} />
        ))}
      </ScrollView>
      {/* A tray of the app may take them; two windows can add files at one moment, each as many as fit. */}
      {tray.items.length > LIMITS.maxAttachments && (
        <Text role="alert" size="small" tone="danger">
          {limit}
        </Text>
      )}
    </>
  );
}

function Item({ item, tray }: { item: TrayItem; tray: AttachmentTray }): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const [brokenUri, setBroken] = useState<string>();
  const name = showControls(item.name);
  const problem = item.problem === undefined ? undefined : t(item.problem);
  const label = {
    uploading: t('uploading', { name, percent: Math.round(item.progress * 100) }),
    failed: `${t('uploadFailed', { name })}. ${problem ?? ''} ${t('tryAgain')}`,
    ready: name,
  }[item.status];
  return (
    <View style={styles.item}>
      <Pressable
        role="button"
        aria-label={label}
        disabled={item.status !== 'failed'}
        onPress={() => tray.retry(item.id)}
        style={[styles.preview, item.status === 'failed' && styles.failed]}
      >
        {item.kind === 'image' && item.previewUri !== undefined && item.previewUri !== brokenUri ? (
          <Image
            source={{ uri: item.previewUri }}
            style={styles.picture}
            onError={() => setBroken(item.previewUri)}
          />
        ) : (
          <Icon name={KIND_ICONS[item.kind] ?? 'file'} size={28} />
        )}
        {item.status === 'uploading' && <UploadProgress upload={item} style={styles.track} />}
      </Pressable>
      <Text size="tiny" tone="soft" numberOfLines={1}>
        {name}
      </Text>
      {problem !== undefined && (
        <Text size="tiny" tone="danger" role="alert">
          {problem}
        </Text>
      )}
      <IconButton
        icon="close"
        size={14}
        label={t('removeAttachment', { name })}
        onPress={() => tray.remove(item.id)}
        style={styles.remove}
      />
    </View>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    line: { flexDirection: 'row', gap: 10, padding: 6 },
    item: { width: 84, gap: 2 },
    preview: {
      width: 84,
      height: 84,
      borderRadius: 14,
      overflow: 'hidden',
      backgroundColor: colors.surfaceSunk,
      alignItems: 'center',
      justifyContent: 'center',
    },
    failed: { borderWidth: 2, borderColor: colors.danger },
    picture: { width: '100%', height: '100%' },
    track: { position: 'absolute', bottom: 8, start: 8, end: 8 },
    remove: {
      position: 'absolute',
      top: -6,
      end: -6,
      minWidth: 28,
      minHeight: 28,
      backgroundColor: colors.surface,
      borderWidth: 1,
      borderColor: colors.line,
    },
  });
