import { LegendList } from '@legendapp/list/react-native';
import { useState, type ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import { isBlank, LIMITS, type UserView } from '@parley/client';
import { useTexts } from '../context.js';
import { Button } from '../parts/Buttons.js';
import { Field } from '../parts/Fields.js';
import { Text } from '../parts/Text.js';
import { showControls } from '../bidi.js';
import { fits } from '../lengths.js';
import { PersonRow } from './PersonRow.js';
import { usePeople } from './usePeople.js';

export interface MemberPickerProps {
  /** Ids of the chosen people; undefined for a choice of one, which `onPick` takes at once. */
  chosen?: ReadonlySet<string> | undefined;
  onPick: (user: UserView) => void;
  /** People of the app's own directory, besides those that this device knows. */
  people?: readonly UserView[] | undefined;
  /** Ids that are not offered: members already. */
  without?: ReadonlySet<string> | undefined;
}

const ROW_HEIGHT = 60;

/** Chooses people: by name among those that are known, or by user id. */
export function MemberPicker({ chosen, onPick, people, without }: MemberPickerProps): ReactNode {
  const t = useTexts();
  const [words, setWords] = useState('');
  const found = usePeople(words, people).filter(({ _id }) => without?.has(_id) !== true);
  const typed = words.trim();
  const isId = !isBlank(typed) && fits(typed, LIMITS.maxUserIdChars);
  const isNewId = isId && !found.some(({ _id }) => _id === typed) && without?.has(typed) !== true;
  return (
    <View style={styles.picker}>
      <View style={styles.field}>
        <Words words={words} setWords={setWords} />
        {chosen !== undefined && (
          <Text size="small" tone="soft" role="status">
            {t.count('chosenCount', chosen.size)}
          </Text>
        )}
      </View>
      {isNewId && (
        <View style={styles.row}>
          <Button
            icon="addPerson"
            label={t('useId', { id: showControls(typed) })}
            onPress={() => onPick({ _id: typed })}
          />
        </View>
      )}
      {found.length === 0 && !isNewId && (
        <Text tone="soft" style={styles.nobody}>
          {t('noPeople')}
        </Text>
      )}
      <LegendList
        data={found}
        keyExtractor={({ _id }) => _id}
        estimatedItemSize={ROW_HEIGHT}
        extraData={chosen}
        style={styles.list}
        contentContainerStyle={styles.content}
        renderItem={({ item }: { item: UserView }) => (
          <View style={styles.row}>
            <PersonRow user={item} isChosen={chosen?.has(item._id)} onPress={() => onPick(item)} />
          </View>
        )}
      />
    </View>
  );
}

function Words({ words, setWords }: { words: string; setWords: (words: string) => void }): ReactNode {
  const t = useTexts();
  return (
    <Field
      label={t('searchPeople')}
      isLabelHidden
      icon="search"
      placeholder={t('searchPeople')}
      value={words}
      onChangeText={setWords}
      autoCapitalize="none"
      autoCorrect={false}
      maxChars={LIMITS.maxUserIdChars}
    />
  );
}

const styles = StyleSheet.create({
  picker: { height: 440, maxHeight: '100%', flexShrink: 1 },
  field: { paddingHorizontal: 20, paddingVertical: 6, gap: 6 },
  list: { flex: 1 },
  content: { paddingBottom: 12 },
  row: { paddingHorizontal: 12 },
  nobody: { paddingHorizontal: 20 },
});
