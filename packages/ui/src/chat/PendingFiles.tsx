import { useEffect, useState, type ReactNode } from 'react';
import { Image, StyleSheet, View } from 'react-native';
import type { FileUpload } from '@parley/client';
import { useParley, useUpload } from '@parley/react';
import { useStyles, useTexts, useUI } from '../context.js';
import { showInvisible } from '../bidi.js';
import { IconButton } from '../parts/Buttons.js';
import { Text } from '../parts/Text.js';
import type { Theme } from '../theme/index.js';
import { FileLine } from './Contents.js';
import { Picture, SMALL_WIDTH } from './Picture.js';
import { problemOf, UploadProgress } from './UploadProgress.js';
import { VoiceLine } from './VoiceContent.js';

interface PendingFilesProps {
  ids: readonly string[];
  /** The server has refused the message: without one of its files, it may take it. */
  isFailed: boolean;
}

/** Files of a message that is not stored yet: as they are on this device, with their progress. */
export function PendingFiles({ ids, isFailed }: PendingFilesProps): ReactNode {
  const styles = useStyles(createStyles);
  return (
    <View style={styles.files}>
      {ids.map((id) => (
        <PendingFile key={id} id={id} isSmall={ids.length > 1} isFailed={isFailed} />
      ))}
    </View>
  );
}

interface PendingFileProps {
  id: string;
  isSmall: boolean;
  isFailed: boolean;
}

function PendingFile({ id, isSmall, isFailed }: PendingFileProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { uploads } = useParley();
  const current = useUpload(id);
  const [upload, setUpload] = useState(current);
  // It goes a moment before its message is shown as stored: the last state stays until then.
  if (current !== undefined && current !== upload) setUpload(current);
  if (upload === undefined) return null;
  const problem = problemOf(upload);
  const isPicture = upload.kind === 'image';
  const name = showInvisible(upload.name);
  return (
    <View style={[styles.file, isSmall && (isPicture ? styles.small : styles.wide)]} testID="pending-file">
      <View style={styles.line}>
        <View style={styles.shown}>
          <Shown upload={upload} isSmall={isSmall} />
        </View>
        {(isFailed || upload.status !== 'ready') && (
          <IconButton
            icon="close"
            size={14}
            label={t('removeAttachment', { name })}
            onPress={() => uploads.cancel(id)}
            style={[styles.remove, isPicture && styles.corner]}
          />
        )}
      </View>
      <View style={styles.progress}>
        <UploadProgress upload={upload} />
      </View>
      {problem !== undefined && (
        <Text size="tiny" style={styles.problem}>
          {t(problem)}
        </Text>
      )}
    </View>
  );
}

function Shown({ upload, isSmall }: { upload: FileUpload; isSmall: boolean }): ReactNode {
  const { formats } = useUI();
  const { kind, previewUrl, durationMs, waveform, name, sizeBytes } = upload;
  if (kind === 'image') return <PendingPicture uri={previewUrl} isSmall={isSmall} />;
  if (kind === 'voice' && previewUrl !== undefined)
    return (
      <VoiceLine isOwn sound={{ durationMs, waveform, findAddress: () => Promise.resolve(previewUrl) }} />
    );
  return <FileLine isOwn name={name} size={formats.bytes(sizeBytes)} />;
}

function PendingPicture({ uri, isSmall }: { uri: string | undefined; isSmall: boolean }): ReactNode {
  const [ratio, setRatio] = useState<number>();
  const [brokenUri, setBroken] = useState<string>();
  useEffect(() => {
    if (uri === undefined) return;
    Image.getSize(
      uri,
      (width, height) => setRatio(width / height),
      () => setBroken(uri),
    );
  }, [uri]);
  const shown = uri === brokenUri ? undefined : uri;
  return <Picture uri={shown} ratio={ratio} isSmall={isSmall} onError={() => setBroken(uri)} />;
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    files: { flexDirection: 'row', flexWrap: 'wrap', gap: 4, marginBottom: 4, marginHorizontal: -6 },
    file: { maxWidth: '100%' },
    small: { width: SMALL_WIDTH },
    // Pictures share a line; every other file has its own.
    wide: { width: '100%' },
    line: { flexDirection: 'row', alignItems: 'center' },
    shown: { flexGrow: 1, flexShrink: 1, minWidth: 0 },
    progress: { flexDirection: 'row', paddingHorizontal: 6 },
    remove: { minWidth: 28, minHeight: 28 },
    corner: { position: 'absolute', top: 4, end: 4, backgroundColor: colors.surface },
    problem: { color: colors.ownBubbleMeta, paddingHorizontal: 6, maxWidth: 260 },
  });
