import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AppWindow } from './appWindow.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Finding {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

/** Returns what axe-core finds wrong and calls serious or critical, by the rules of WCAG 2.2, levels A and AA. */
export async function seriousFindings({ page }: AppWindow): Promise<string[]> {
  // As a script of the page it would be against the Content Security Policy.
  if (!(await page.evaluate<boolean>('globalThis.axe !== undefined'))) await page.evaluate(AXE);
  const findings = await page.evaluate<Finding[]>(`(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    // Experimental: it joins the texts of neighbouring elements without a space, and takes initials of avatars as text.
    const rules = { 'label-content-name-mismatch': { enabled: false } };
    return (await axe.run(document, { runOnly: tags, rules, resultTypes: ['violations'] })).violations;
  })()`);
  return findings
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
}
