import { Window } from 'happy-dom';
import { StrictMode, createElement, type ReactNode } from 'react';

/** Globals that React DOM needs. Everything else (timers, WebSocket, fetch) stays Node's. */
const NAMES = ['window', 'document', 'navigator'] as const;

/** Turns of the event loop after which an unmounted page has no work left. */
const TURNS = 10;

export interface Rendered extends AsyncDisposable {
  /** Text of the page. */
  text: () => string;
  element: (selector: string) => { textContent: string } | null;
  render: (node: ReactNode) => void;
}

/**
 * Renders into a document of its own, as an app does: React schedules by itself, tests wait for what appears. Use with
 * `await using`.
 */
export async function renderPage(
  node: ReactNode,
  { strict = false, onError }: { strict?: boolean; onError?: (error: unknown) => void } = {},
): Promise<Rendered> {
  const window = new Window();
  const restore = setGlobals(window);
  const { createRoot } = await import('react-dom/client');
  const container = window.document.createElement('div');
  window.document.body.append(container);
  // happy-dom's element is not the one of TypeScript's DOM.
  const root = createRoot(container, {
    ...(onError !== undefined && { onUncaughtError: onError }),
  });
  const render = (next: ReactNode): void =>
    root.render(strict ? createElement(StrictMode, null, next) : next);
  render(node);
  return {
    text: () => container.textContent,
    element: (selector) => container.querySelector(selector),
    render,
    async [Symbol.asyncDispose]() {
      root.unmount();
      // React ends effects in tasks of its own, which look at the window; providers release their client in a timer.
      for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0));
      restore();
      await window.happyDOM.close();
    },
  };
}

/** @returns a function that puts back what was there before */
function setGlobals(window: Window): () => void {
  const values = { window, document: window.document, navigator: window.navigator };
  const before = NAMES.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const name of NAMES) {
    Object.defineProperty(globalThis, name, { value: values[name], configurable: true, writable: true });
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
  };
}
