import type { ReactNode } from 'react';
import { Pressable, StyleSheet, View } from 'react-native';
import { useStyles, useUI } from '../context.js';
import { Avatar, type AvatarProps } from '../parts/Avatar.js';
import { INNER_OUTLINE } from '../parts/Fields.js';
import { Icon } from '../parts/Icon.js';
import type { MenuItem } from '../parts/Menu.js';
import { Heading, Text } from '../parts/Text.js';
import type { Theme } from '../theme/index.js';

export interface ProfileHeadProps extends AvatarProps {
  note: string;
  detail?: string | undefined;
}

/** Large picture and name at the top of a profile. */
export function ProfileHead({ note, detail, ...avatar }: ProfileHeadProps): ReactNode {
  const styles = useStyles(createStyles);
  return (
    <View style={styles.head}>
      <Avatar {...avatar} size={96} />
      <Heading level={3} size="heading" style={styles.center}>
        {avatar.name}
      </Heading>
      <Text tone="soft" size="small" testID="profile-note">
        {note}
      </Text>
      {detail !== undefined && (
        <Text tone="soft" size="tiny" selectable>
          {detail}
        </Text>
      )}
    </View>
  );
}

/** Actions below each other. */
export function ActionList({ items }: { items: readonly MenuItem[] }): ReactNode {
  const styles = useStyles(createStyles);
  const { colors } = useUI().theme;
  return (
    <View style={styles.actions}>
      {items.map(({ label, icon, isDanger = false, run }) => (
        <Pressable
          key={label}
          role="button"
          onPress={run}
          style={({ hovered, pressed }) => [
            styles.action,
            INNER_OUTLINE,
            (hovered === true || pressed) && styles.hover,
          ]}
        >
          <Icon name={icon} color={isDanger ? colors.danger : colors.textSoft} />
          <Text tone={isDanger ? 'danger' : 'normal'}>{label}</Text>
        </Pressable>
      ))}
    </View>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    head: { alignItems: 'center', gap: 4, paddingVertical: 8 },
    center: { textAlign: 'center', marginTop: 8 },
    actions: { backgroundColor: colors.surfaceSunk, borderRadius: 16, overflow: 'hidden' },
    action: { minHeight: 50, flexDirection: 'row', alignItems: 'center', gap: 14, paddingHorizontal: 16 },
    hover: { backgroundColor: colors.surfaceChosen },
  });
