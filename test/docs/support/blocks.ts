import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../../scripts/support/npmRun.js';

/** A command of a page, with its documented output. */
export interface Command {
  /** First line of the command in the page, counted from 1. */
  line: number;
  text: string;
  /** Undefined for a command of a block without prompts, which shows no output. */
  output: string[] | undefined;
}

export interface Block {
  commands: Command[];
}

const FENCE = /^\s*```(\w*)$/;
const PROMPT = '$ ';

/** Returns the blocks of a page that contain commands: `console` with prompts, `sh` with one command per line. */
export async function readBlocks(page: string): Promise<Block[]> {
  const lines = (await readFile(join(ROOT, page), 'utf8')).split('\n');
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const language = FENCE.exec(lines[at] ?? '')?.[1];
    if (language === undefined) continue;
    const end = lines.findIndex((line, index) => index > at && FENCE.test(line));
    const commands = toCommands(lines.slice(at + 1, end), { language, firstLine: at + 2 });
    if (commands.length > 0) blocks.push({ commands });
    at = end;
  }
  return blocks;
}

/** Returns the first JSON block of a page. */
export async function readJsonBlock(page: string): Promise<string> {
  const found = /```json\n([\s\S]*?)```/.exec(await readFile(join(ROOT, page), 'utf8'))?.[1];
  if (found === undefined) throw new Error(`${page} has no JSON block`);
  return found;
}

function toCommands(
  lines: readonly string[],
  { language, firstLine }: { language: string; firstLine: number },
): Command[] {
  if (lines[0]?.startsWith(PROMPT) === true) return toPrompted(lines, firstLine);
  if (language !== 'sh' && !(language === '' && lines[0]?.startsWith('npm run ') === true)) return [];
  return lines
    .map((line, index) => ({ line: firstLine + index, text: withoutComment(line), output: undefined }))
    .filter(({ text }) => text !== '');
}

function toPrompted(lines: readonly string[], firstLine: number): Command[] {
  const commands: { line: number; text: string; output: string[] }[] = [];
  for (const [index, line] of lines.entries()) {
    const last = commands.at(-1);
    if (line.startsWith(PROMPT)) commands.push({ line: firstLine + index, text: line.slice(2), output: [] });
    else if (last?.output.length === 0 && last.text.endsWith('\\')) last.text += `\n${line}`;
    else last?.output.push(line);
  }
  return commands;
}

const withoutComment = (line: string): string => line.replace(/\s+#.*$/, '').trim();

/** Replaces the documented output of a command in the page. Call it for the last command first. */
export async function writeOutput(page: string, { line, text, output }: Command, printed: string[]) {
  const path = join(ROOT, page);
  const lines = (await readFile(path, 'utf8')).split('\n');
  lines.splice(line - 1 + text.split('\n').length, output?.length ?? 0, ...printed);
  await writeFile(path, lines.join('\n'));
}
