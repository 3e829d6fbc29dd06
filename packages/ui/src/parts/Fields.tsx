import { forwardRef, useState, type ReactNode } from 'react';
import { Platform, Pressable, StyleSheet, Switch, TextInput, View, type TextInputProps } from 'react-native';
import { useStyles, useUI } from '../context.js';
import { fits } from '../lengths.js';
import type { Theme } from '../theme/index.js';
import { Icon } from './Icon.js';
import type { IconName } from './icons.js';
import { Text } from './Text.js';
import { TooLong } from './TooLong.js';

export interface FieldProps extends TextInputProps {
  /** Read by screen readers, and shown above the field unless `isLabelHidden`. */
  label: string;
  isLabelHidden?: boolean | undefined;
  icon?: IconName | undefined;
  /** At the end of the line. */
  trailing?: ReactNode;
  /** Code points that the server takes. A longer text stays, with a note: forms are not sent while it is there. */
  maxChars?: number | undefined;
}

export const Field = forwardRef<TextInput, FieldProps>(function Field(
  { label, isLabelHidden = false, icon, trailing, maxChars = Infinity, style, ...rest },
  ref,
) {
  const styles = useStyles(createStyles);
  const { theme, direction } = useUI();
  const { colors } = theme;
  const [isFocused, setFocused] = useState(false);
  const { value = '' } = rest;
  const isInvalid = rest['aria-invalid'] === true || !fits(value, maxChars);
  return (
    <View style={styles.group}>
      {!isLabelHidden && (
        <Text size="small" tone="soft">
          {label}
        </Text>
      )}
      <View style={[styles.frame, isFocused && styles.focused, isInvalid && styles.invalid]}>
        {icon !== undefined && <Icon name={icon} size={20} />}
        <TextInput
          ref={ref}
          aria-label={label}
          placeholderTextColor={colors.textSoft}
          dir={value === '' ? direction : 'auto'}
          {...rest}
          aria-invalid={isInvalid}
          onFocus={() => setFocused(true)}
          onBlur={() => setFocused(false)}
          style={[styles.input, NO_OUTLINE, style]}
        />
        {trailing}
      </View>
      <TooLong text={value} max={maxChars} style={styles.note} />
    </View>
  );
});

/** The frame of a field shows that it is focused; the browser's own outline would be inside of it. */
export const NO_OUTLINE: object = Platform.OS === 'web' ? { outlineStyle: 'none' } : {};

/** The outline of a focused row: inside of it, because the boxes that lists draw rows in cut off what is outside. */
export const INNER_OUTLINE: object = Platform.OS === 'web' ? { outlineOffset: -2 } : {};

export interface SwitchRowProps {
  label: string;
  value: boolean;
  onChange: (value: boolean) => void;
  disabled?: boolean | undefined;
}

export function SwitchRow({ label, value, onChange, disabled = false }: SwitchRowProps): ReactNode {
  const styles = useStyles(createStyles);
  const { colors } = useUI().theme;
  return (
    <View style={styles.row}>
      <Text style={styles.grow}>{label}</Text>
      <Switch
        aria-label={label}
        value={value}
        onValueChange={onChange}
        disabled={disabled}
        trackColor={{ false: colors.controlLine, true: colors.accentFill }}
        thumbColor="#ffffff"
        {...WEB_SWITCH}
      />
    </View>
  );
}

/** Its own colour for the thumb of a switch that is on; phones use `thumbColor` for both. */
const WEB_SWITCH: object = Platform.OS === 'web' ? { activeThumbColor: '#ffffff' } : {};

export interface ChoiceRowProps<Value extends string> {
  label: string;
  value: Value | undefined;
  choices: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
}

/** One of a few values, as a group of radio buttons. */
export function ChoiceRow<Value extends string>(props: ChoiceRowProps<Value>): ReactNode {
  const { label, value, choices, onChange } = props;
  const styles = useStyles(createStyles);
  const { colors } = useUI().theme;
  return (
    <View style={styles.group}>
      <Text size="small" tone="soft">
        {label}
      </Text>
      <View role="radiogroup" aria-label={label} style={styles.choices}>
        {choices.map((choice) => {
          const isChosen = choice.value === value;
          return (
            <Pressable
              key={choice.value}
              role="radio"
              aria-checked={isChosen}
              onPress={() => onChange(choice.value)}
              style={[styles.choice, isChosen && styles.chosen]}
            >
              {isChosen && <Icon name="check" size={16} color={colors.accent} />}
              <Text size="small" tone={isChosen ? 'accent' : 'normal'}>
                {choice.label}
              </Text>
            </Pressable>
          );
        })}
      </View>
    </View>
  );
}

const createStyles = ({ colors, sizes, fontFamily }: Theme) =>
  StyleSheet.create({
    group: { gap: 6 },
    frame: {
      minHeight: sizes.target,
      flexDirection: 'row',
      alignItems: 'center',
      gap: 8,
      paddingHorizontal: 14,
      borderRadius: sizes.target / 2,
      backgroundColor: colors.surfaceSunk,
      borderWidth: 2,
      borderColor: colors.surfaceSunk,
    },
    focused: { borderColor: colors.accent },
    invalid: { borderColor: colors.danger },
    note: { paddingHorizontal: 16 },
    input: {
      flex: 1,
      minWidth: 0,
      paddingVertical: 8,
      color: colors.text,
      fontSize: sizes.text,
      ...(fontFamily !== undefined && { fontFamily }),
    },
    row: { minHeight: sizes.target, flexDirection: 'row', alignItems: 'center', gap: 12 },
    grow: { flex: 1 },
    choices: { flexDirection: 'row', flexWrap: 'wrap', gap: 8 },
    choice: {
      minHeight: 36,
      flexDirection: 'row',
      alignItems: 'center',
      gap: 6,
      paddingHorizontal: 14,
      borderRadius: 18,
      borderWidth: 1,
      borderColor: colors.controlLine,
    },
    chosen: { borderColor: colors.accent, backgroundColor: colors.surfaceChosen },
  });
