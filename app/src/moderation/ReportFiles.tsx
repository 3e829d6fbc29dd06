import { useState, type ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import type { Attachment } from '@parley/client';
import { FileContent, ImageContent, MediaViewer, VoiceContent } from '@parley/react-native';

export interface ReportFilesProps {
  /** With addresses that are valid for some minutes: those of the report, also when its message was deleted since. */
  files: readonly Attachment[];
}

/** Files of a message in a report: pictures to look at, voice to play, others to download. */
export function ReportFiles({ files }: ReportFilesProps): ReactNode {
  const pictures = files.filter(({ kind }) => kind === 'image');
  const [opened, setOpened] = useState<number>();
  return (
    <View style={styles.files}>
      {pictures.map((picture, index) => (
        <ImageContent key={picture.url} isSmall attachment={picture} onOpen={() => setOpened(index)} />
      ))}
      {files.map((file) => {
        if (file.kind === 'image') return null;
        const Content = file.kind === 'voice' ? VoiceContent : FileContent;
        return <Content key={file.url} attachment={file} isOwn={false} />;
      })}
      {opened !== undefined && (
        <MediaViewer pictures={pictures} first={opened} onClose={() => setOpened(undefined)} />
      )}
    </View>
  );
}

const styles = StyleSheet.create({ files: { flexDirection: 'row', flexWrap: 'wrap', gap: 6, marginTop: 4 } });
