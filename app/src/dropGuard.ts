const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') === true;

/**
 * Keeps the browser from opening a dropped file in place of the app where no chat takes it. Call it before anything is drawn: a chat
 * that takes files says so afterwards, by its own `dropEffect`.
 */
export function guardDrops(): void {
  document.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'none';
  });
  document.addEventListener('drop', (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
}
