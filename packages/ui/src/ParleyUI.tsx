import { useMemo, useState, type ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import { UIContext, type UIContextValue } from './context.js';
import type { Device } from './device.js';
import { createDrafts, type Drafts } from './drafts.js';
import { createFormats } from './formats.js';
import { AskHost } from './parts/Ask.js';
import { ToastHost } from './parts/Toast.js';
import { directionOf, useTextTable, type Language, type Texts } from './texts/index.js';
import { lightTheme, type Theme } from './theme/index.js';

export interface ParleyUIProps {
  /** Made by `createTheme`. Default: `lightTheme`. */
  theme?: Theme | undefined;
  /** Default: English. */
  language?: Language | undefined;
  /** Language tag for times and numbers, for example `en-GB`. Default: the language. */
  locale?: string | undefined;
  /** Replaces single texts, or all of them for a language of your own. */
  texts?: Partial<Texts> | undefined;
  /** Abilities of the device. Default: none. */
  device?: Device | undefined;
  /** Default: kept in memory, for as long as this is mounted. */
  drafts?: Drafts | undefined;
  children?: ReactNode;
}

const NO_DEVICE: Device = {};

/** Gives the components below it theme, texts and device, and a place for dialogs and notices. Belongs inside `<ParleyProvider>`. */
export function ParleyUI({
  theme = lightTheme,
  language = 'en',
  locale = language,
  texts,
  device = NO_DEVICE,
  drafts,
  children,
}: ParleyUIProps): ReactNode {
  const table = useTextTable(language);
  const [ownDrafts] = useState(() => createDrafts());
  const value = useMemo<UIContextValue | undefined>(
    () =>
      table && {
        theme,
        language: table.language,
        direction: directionOf(table.language),
        texts: { ...table.texts, ...texts },
        formats: createFormats(locale),
        device,
        drafts: drafts ?? ownDrafts,
      },
    [theme, table, locale, texts, device, drafts, ownDrafts],
  );
  if (value === undefined) return null;
  return (
    <UIContext.Provider value={value}>
      <View dir={value.direction} lang={value.language} style={styles.root}>
        <ToastHost>
          <AskHost>{children}</AskHost>
        </ToastHost>
      </View>
    </UIContext.Provider>
  );
}

const styles = StyleSheet.create({ root: { flex: 1, minHeight: 0 } });
