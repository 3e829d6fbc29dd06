import { useSyncExternalStore, type ReactNode } from 'react';
import { StyleSheet, View, type StyleProp, type ViewStyle } from 'react-native';
import type { FileUpload, PendingMessage, RejectionReason } from '@parley/client';
import { useParley } from '@parley/react';
import { showControls } from '../bidi.js';
import { useStyles, useTexts, type TextKey } from '../context.js';
import { errorKeyOf } from '../parts/Toast.js';
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
  sizeBytes,
}: Pick<FileUpload, 'status' | 'code' | 'reason' | 'sizeBytes'>): TextKey | undefined {
  if (status === 'waiting' && code === 'RATE_LIMITED') return 'filesWait';
  if (status !== 'failed') return undefined;
  if (code === 'VALIDATION' && sizeBytes === 0) return 'fileEmpty';
  return reason === undefined ? (FAILED[code] ?? 'fileRefused') : REJECTED[reason];
}

/** Subscribes to nothing. */
const never = (): (() => void) => () => undefined;

/** Returns the name of the sentence about why a message was not sent: the reason of its first file that was refused, if there is one. */
export function useFailure({ code, uploads: ids }: Pick<PendingMessage, 'code' | 'uploads'>): TextKey {
  const parley = useParley();
  const store = parley.hasUploads ? parley.uploads.store : undefined;
  const find = (): TextKey | undefined => {
    const refused = store?.getSnapshot().find(({ id, status }) => status === 'failed' && ids?.includes(id));
    return refused && problemOf(refused);
  };
  const problem = useSyncExternalStore(store?.subscribe ?? never, find, find);
  return problem ?? errorKeyOf(code);
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    track: { flex: 1, height: 5, borderRadius: 3, overflow: 'hidden', backgroundColor: '#ffffff' },
    progress: { height: 5, borderRadius: 3, backgroundColor: colors.accentFill },
  });
