import type { ReactNode } from 'react';
import { Pressable, StyleSheet, View } from 'react-native';
import type { UserView } from '@parley/client';
import { useStyles, useTexts, useUI } from '../context.js';
import { Avatar } from '../parts/Avatar.js';
import { INNER_OUTLINE } from '../parts/Fields.js';
import { Icon } from '../parts/Icon.js';
import { Text } from '../parts/Text.js';
import { showControls } from '../bidi.js';
import { nameOf, useIsOnline } from '../state.js';
import type { Theme } from '../theme/index.js';

export interface PersonRowProps {
  user: UserView;
  note?: string | undefined;
  /** A checkbox instead of a button. */
  isChosen?: boolean | undefined;
  onPress?: (() => void) | undefined;
  trailing?: ReactNode;
}

/** A person in a list, with a dot while they are online. */
export function PersonRow(props: PersonRowProps): ReactNode {
  return <PersonLine {...props} isOnline={useIsOnline(props.user._id)} />;
}

/** A person in a list that no `<ParleyProvider>` is above of: before anyone is signed in. */
export function PersonLine(props: PersonRowProps & { isOnline?: boolean }): ReactNode {
  const { user, note, isChosen, onPress, trailing, isOnline = false } = props;
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { colors } = useUI().theme;
  const name = nameOf(user, t);
  const shownNote = note ?? showControls(user._id);
  return (
    <View style={styles.line}>
      <Pressable
        role={isChosen === undefined ? 'button' : 'checkbox'}
        aria-checked={isChosen}
        aria-label={[name, shownNote, isOnline && t('online')].filter(Boolean).join(t('comma'))}
        disabled={onPress === undefined}
        onPress={onPress}
        style={({ hovered }) => [styles.person, INNER_OUTLINE, hovered === true && styles.hover]}
      >
        <Avatar id={user._id} name={name} picture={user.avatar} size={44} isOnline={isOnline} />
        <View style={styles.texts}>
          <Text isBold numberOfLines={1}>
            {name}
          </Text>
          <Text size="small" tone="soft" numberOfLines={1}>
            {shownNote}
          </Text>
        </View>
        {isChosen !== undefined && (
          <View style={[styles.box, isChosen && styles.checked]}>
            {isChosen && <Icon name="check" size={16} color={colors.onAccent} />}
          </View>
        )}
      </Pressable>
      {trailing}
    </View>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    line: { flexDirection: 'row', alignItems: 'center' },
    person: {
      flex: 1,
      minWidth: 0,
      minHeight: 60,
      flexDirection: 'row',
      alignItems: 'center',
      gap: 12,
      paddingHorizontal: 8,
      borderRadius: 14,
    },
    hover: { backgroundColor: colors.surfaceHover },
    texts: { flex: 1, minWidth: 0 },
    box: {
      width: 24,
      height: 24,
      borderRadius: 8,
      borderWidth: 2,
      borderColor: colors.controlLine,
      alignItems: 'center',
      justifyContent: 'center',
    },
    checked: { backgroundColor: colors.accentFill, borderColor: colors.accentFill },
  });
