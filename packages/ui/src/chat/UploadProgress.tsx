import type { ReactNode } from 'react';
import { StyleSheet, View, type StyleProp, type ViewStyle } from 'react-native';
import type { FileUpload, RejectionReason } from '@parley/client';
import { showControls } from '../bidi.js';
import { useStyles, useTexts, type TextKey } from '../context.js';
import type { Theme } from '../theme/index.js';

export interface UploadProgressProps {
  upload: Pick<FileUpload, 'name' | 'progress'> & { status: string };
  style?: StyleProp<ViewStyle>;
}

/** How much of a file has left the device; nothing when it has arrived or has failed. */
export function UploadProgress({ upload, style }: UploadProgressProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  if (upload.status === 'ready' || upload.status === 'failed') return null;
  const percent = Math.round(upload.progress * 100);
  return (
    <View
      role="progressbar"
      aria-label={t('uploading', { name: showControls(upload.name), percent })}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      style={[styles.track, style]}
    >
      <View style={[styles.progress, { width: `${percent}%` }]} />
    </View>
  );
}

const REJECTED: Readonly<Record<RejectionReason, TextKey>> = {
  size: 'fileChanged',
  type: 'fileOtherType',
  unreadable: 'fileDamaged',
  tooManyPixels: 'filePixels',
  tooSlow: 'fileUnchecked',
  malware: 'fileDangerous',
};

const FAILED: Readonly<Record<string, TextKey>> = {
  TOO_LARGE: 'fileTooLarge',
  FILE_GONE: 'fileGone',
  LIMIT_EXCEEDED: 'errorLimit',
  FORBIDDEN: 'errorForbidden',
  BLOCKED: 'failedBlocked',
  NOT_PARTICIPANT: 'failedNotPart',
};

/** Returns the name of the sentence about a file that cannot go on; undefined while it goes on. */
export function problemOf({
  status,
  code = '',
  reason,
}: Pick<FileUpload, 'status' | 'code' | 'reason'>): TextKey | undefined {
  if (status === 'waiting' && code === 'RATE_LIMITED') return 'filesWait';
  if (status !== 'failed') return undefined;
  return reason === undefined ? (FAILED[code] ?? 'fileRefused') : REJECTED[reason];
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    track: { flex: 1, height: 5, borderRadius: 3, overflow: 'hidden', backgroundColor: '#ffffff' },
    progress: { height: 5, borderRadius: 3, backgroundColor: colors.accentFill },
  });
