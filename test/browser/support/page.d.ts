/**
 * Types of the page's modules that tests use alone: they are plain JavaScript. `page/tsconfig.json` checks these tests against
 * the modules themselves, so that the types here cannot differ from them.
 */

declare module '*/page/src/views/rows.js' {
  // Files that declare ambient modules cannot have imports.
  // eslint-disable-next-line @typescript-eslint/consistent-type-imports
  type State = import('../../../packages/client/src/state/types.js').ClientState;
  export function buildRows(
    state: State,
    view: { id: string; low: number; high: number; newFrom: number | undefined },
  ): { kind: string; key: string; text?: string; author?: string | undefined }[];
}

declare module '*/page/src/bidi.js' {
  export function showControls(text: string): string;
  export function showInvisible(name: string): string;
  export function isolate(text: string): string;
}

declare module '*/page/src/limits.js' {
  export const MAX_LENGTHS: Record<
    'text' | 'name' | 'title' | 'comment' | 'url' | 'userId' | 'words',
    number
  >;
  export function textLength(text: string): number;
  export function excessOf(text: string, max: number): string | undefined;
}

declare module '*/page/src/views/links.js' {
  export function splitLinks(text: string): { text: string; href?: string }[];
}
