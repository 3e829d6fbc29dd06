/** True for addresses of the web. Other schemes could run something. */
export const isWebAddress = (address: string): boolean => /^https?:/i.test(address);

/** True for a whole address of the web, as users enter it. Not by `new URL`: that of React Native knows no schemes. */
export const isWholeAddress = (text: string): boolean => /^https?:\/\/[^\s/]+\S*$/i.test(text);
