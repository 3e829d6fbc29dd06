import { useState, type ReactNode } from 'react';
import { Image, StyleSheet, View } from 'react-native';
import { useAddress, useStyles, useUI } from '../context.js';
import { Icon } from '../parts/Icon.js';
import { Text } from '../parts/Text.js';
import type { Theme } from '../theme/index.js';
import type { Subject } from './occasions.js';

/** Price of the card, for display. */
export function Price({ subject: { card } }: { subject: Subject }): ReactNode {
  const { formats } = useUI();
  if (card?.price === undefined) return null;
  return (
    <Text size="small" isBold>
      {formats.price(card.price)}
    </Text>
  );
}

/** Picture of the card, or the sign of the occasion. */
export function SubjectPicture({ subject, size }: { subject: Subject; size: number }): ReactNode {
  const styles = useStyles(createStyles);
  const { colors } = useUI().theme;
  const addressOf = useAddress();
  const [broken, setBroken] = useState<string>();
  const { occasion, card } = subject;
  const picture = card?.pictureUrl;
  return (
    <View style={[styles.picture, { width: size, height: size }]}>
      {picture !== undefined && picture !== broken ? (
        <Image
          source={{ uri: addressOf(picture) }}
          style={styles.image}
          resizeMode="cover"
          onError={() => setBroken(picture)}
        />
      ) : (
        <Icon name={occasion.kind} size={size / 2} color={colors.accent} />
      )}
    </View>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    picture: {
      borderRadius: 8,
      overflow: 'hidden',
      alignItems: 'center',
      justifyContent: 'center',
      backgroundColor: colors.surfaceChosen,
    },
    image: { width: '100%', height: '100%' },
  });
