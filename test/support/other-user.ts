import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** The user and group that root runs it as. */
export const NOBODY = 65_534;
export const isRoot = process.getuid?.() === 0;

/** A checkout below a private folder cannot be reached by anybody else: then root has nobody to run it as. */
const reach = `require('node:fs').accessSync(${JSON.stringify(MAIN)})`;
export const canRunAsUser =
  !isRoot || spawnSync(process.execPath, ['-e', reach], { uid: NOBODY, gid: NOBODY }).status === 0;
export const whyNotAsUser = canRunAsUser ? null : 'nobody else can reach this checkout';

/** Gives a folder and all in it to the user that `runAsUser` runs as. */
export function giveToUser(folder: string): void {
  if (isRoot) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, folder]);
}

/** Runs the command line from source as somebody who may not do everything: as root as nobody, else as who we are. */
export function runAsUser(
  root: string,
  args: readonly string[],
): { status: number | null; stdout: string; stderr: string } {
  const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const env = { PATH: process.env['PATH'] ?? '', HOME: root };
  return spawnSync(process.execPath, [MAIN, ...args], { cwd: root, encoding: 'utf8', env, ...user });
}
