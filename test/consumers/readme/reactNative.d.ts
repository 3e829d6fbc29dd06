/** The part of React Native that the READMEs of client and hooks use: its own types declare what those of browsers declare, too. */
export const AppState: {
  currentState: string;
  addEventListener(type: 'change', listener: (state: string) => void): { remove(): void };
};
