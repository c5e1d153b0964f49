import path from 'node:path';
import { SCRIPTS } from '../../config/setup/npm-scripts.ts';
import { addToSection } from '../../config/setup/package-json.ts';
import { readExisting } from '../../config/setup/text-file.ts';
import { escapeName } from '../../paths/names.ts';
import type { CheckResult } from '../../model/validate-report.ts';

/** The npm scripts are those that `init` makes: one that only looks like a way back is worse than none. */
export function checkNpmScripts(root: string): CheckResult {
  const about = { id: 'npm-scripts', group: 'configuration' } as const;
  const file = readExisting(path.join(root, 'package.json'));
  if (file.state === 'absent') return { ...about, status: 'ok', message: 'no package.json, so no npm scripts' };
  const { added, kept, problem } =
    file.state === 'text' ? addToSection(file.text, 'scripts', SCRIPTS) : { added: [], kept: [], problem: file.why };
  if (problem !== undefined) {
    const recommendation = 'Correct package.json, then run migbackup init.';
    return { ...about, status: 'warning', message: `package.json ${problem}`, paths: ['package.json'], recommendation };
  }
  const others = Object.fromEntries(kept.map(({ name, value }) => [name, value]));
  const evidence = { missing: added, others };
  if (kept.length > 0) {
    return {
      ...about,
      status: 'warning',
      message: kept
        .map(({ name, value }) => `npm run ${escapeName(name)} does something else: ${escapeName(value)}`)
        .join('; '),
      evidence,
      recommendation: `If they should be ours: ${kept.map(({ name }) => `"${name}": "${SCRIPTS[name]}"`).join(', ')}.`,
    };
  }
  if (added.length === 0) return { ...about, status: 'ok', message: 'the npm scripts are there', evidence };
  const message = `${added.length} of ${Object.keys(SCRIPTS).length} npm scripts are missing: ${added.join(', ')}`;
  return { ...about, status: 'info', message, evidence, recommendation: 'migbackup init adds them.' };
}
