import { useEffect, useState, type ReactNode } from 'react';
import { Modal } from 'react-native';
import { useCloseKey } from './closeKey.js';
import { LayerToasts } from './Toast.js';

export interface ModalLayerProps {
  /** Escape, or the back key of a phone. */
  onClose: () => void;
  children: ReactNode;
}

/**
 * A layer over the whole window, with the notices. Rendered a second time after mounting: in React's strict mode, react-native-web
 * removes the element of its modal then, and makes another one with the next rendering. Without it, nothing would be shown in
 * development.
 */
export function ModalLayer({ onClose, children }: ModalLayerProps): ReactNode {
  const [, setMounted] = useState(false);
  useEffect(() => setMounted(true), []);
  const onRequestClose = useCloseKey(onClose);
  return (
    <Modal transparent visible animationType="none" onRequestClose={onRequestClose}>
      {children}
      <LayerToasts />
    </Modal>
  );
}
