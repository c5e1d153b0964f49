import type { Planned } from './plan-restore.ts';

/** Lock files, the most specific first, and the commands that install from them. */
const INSTALLERS: readonly (readonly [file: RegExp, command: string])[] = [
  [/(^|\/)yarn\.lock$/, 'yarn install'],
  [/(^|\/)pnpm-lock\.yaml$/, 'pnpm install'],
  [/(^|\/)bun\.lockb?$/, 'bun install'],
  [/(^|\/)(package-lock|npm-shrinkwrap)\.json$/, 'npm ci'],
  [/(^|\/)package\.json$/, 'npm install'],
];

/** Commands worth running after a change: the one that installs the packages, if a package.json or a lock file was brought back. */
export function nextSteps({ plan }: Pick<Planned, 'plan'>): string[] {
  const back = plan.changes.filter(({ action }) => action !== 'remove').map((change) => change.path);
  const installer = INSTALLERS.find(([file]) => back.some((path) => file.test(path)));
  return installer === undefined ? [] : [installer[1]];
}
