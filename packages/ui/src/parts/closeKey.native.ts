/** Phones tell the upper layer of their back key themselves. @returns what `Modal` calls then */
export const useCloseKey = (onClose: () => void): (() => void) => onClose;
