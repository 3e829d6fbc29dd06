import type { ReactNode } from 'react';
import { Image, StyleSheet, View } from 'react-native';
import { useUpload } from '@parley/react';
import { showInvisible } from '../bidi.js';
import { useStyles, useTexts } from '../context.js';
import { Icon } from '../parts/Icon.js';
import { Text } from '../parts/Text.js';
import { KIND_ICONS } from '../summary.js';
import type { Theme } from '../theme/index.js';

/** Files of a message that waits for them. */
export function PendingUploads({ ids }: { ids: readonly string[] }): ReactNode {
  const styles = useStyles(createStyles);
  return (
    <View style={styles.files}>
      {ids.map((id) => (
        <PendingUpload key={id} id={id} />
      ))}
    </View>
  );
}

function PendingUpload({ id }: { id: string }): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const upload = useUpload(id);
  if (upload === undefined) return null;
  const { kind, previewUrl, progress } = upload;
  const name = showInvisible(upload.name);
  const percent = Math.round(progress * 100);
  const label = upload.status === 'failed' ? t('uploadFailed', { name }) : t('uploading', { name, percent });
  return (
    <View
      role="progressbar"
      aria-label={label}
      aria-valuenow={percent}
      style={styles.file}
      testID="pending-upload"
    >
      {kind === 'image' && previewUrl !== undefined ? (
        <Image source={{ uri: previewUrl }} style={styles.picture} resizeMode="cover" />
      ) : (
        <View style={styles.line}>
          <Icon name={KIND_ICONS[kind] ?? 'file'} />
          <Text numberOfLines={1}>{name}</Text>
        </View>
      )}
      <View style={styles.track}>
        <View style={[styles.done, { width: `${percent}%` }]} />
      </View>
    </View>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    files: { gap: 4, marginBottom: 4 },
    file: { width: 220, maxWidth: '100%', gap: 4 },
    picture: { width: '100%', height: 160, borderRadius: 12 },
    line: { flexDirection: 'row', alignItems: 'center', gap: 8, minHeight: 40 },
    track: { height: 4, borderRadius: 2, backgroundColor: colors.line, overflow: 'hidden' },
    done: { height: 4, backgroundColor: colors.accentFill },
  });
