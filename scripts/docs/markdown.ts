/** First line of each generated page: tables are changed in the contract, not by hand. */
export const NOTE = '<!-- Written from the contract by `npm run docs`. -->';

export const code = (text: string): string => `\`${text}\``;
export const codes = (list: readonly string[]): string => (list.length === 0 ? '' : list.map(code).join(' '));
const cell = (text: string): string => text.replaceAll('|', '\\|');
export const row = (...cells: string[]): string => `| ${cells.map(cell).join(' | ')} |`;
export const head = (...names: string[]): string => `${row(...names)}\n${row(...names.map(() => '---'))}`;
