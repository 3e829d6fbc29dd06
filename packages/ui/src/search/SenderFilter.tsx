import type { ReactNode } from 'react';
import { ScrollView, StyleSheet, View } from 'react-native';
import { useTexts } from '../context.js';
import { Chip } from '../parts/Chip.js';
import { useClientState, useNames } from '../state.js';

interface SenderFilterProps {
  conversationId: string;
  senderId: string | undefined;
  onChoose: (senderId: string | undefined) => void;
}

const NOBODY: readonly string[] = [];

/** Choice of one member of a small group: only what they wrote is found. */
export function SenderFilter({ conversationId, senderId, onChoose }: SenderFilterProps): ReactNode {
  const t = useTexts();
  const nameFor = useNames();
  const conversation = useClientState((state) => state.conversations[conversationId]);
  const isChoice = conversation !== undefined && conversation.type !== 'direct' && !conversation.isLarge;
  const ids = isChoice ? Object.keys(conversation.members) : NOBODY;
  if (ids.length === 0) return null;
  return (
    <ScrollView horizontal showsHorizontalScrollIndicator={false} style={styles.bar}>
      <View role="group" aria-label={t('searchFrom')} style={styles.chips}>
        <Chip label={t('fromAnyone')} isChosen={senderId === undefined} onPress={() => onChoose(undefined)} />
        {ids.map((id) => (
          <Chip key={id} label={nameFor(id)} isChosen={id === senderId} onPress={() => onChoose(id)} />
        ))}
      </View>
    </ScrollView>
  );
}

const styles = StyleSheet.create({
  bar: { flexGrow: 0 },
  chips: { flexDirection: 'row', gap: 8, paddingHorizontal: 16, paddingVertical: 6 },
});
