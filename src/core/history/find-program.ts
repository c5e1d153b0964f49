import fs from 'node:fs';
import path from 'node:path';
import { escapeName } from '../paths/names.ts';
import { BackupError } from '../model/backup-error.ts';

/**
 * Throws USAGE for a program that is not there or cannot be run, before a backup is taken for it. On Windows, where names get endings
 * and shims, only starting it can tell.
 */
export function requireProgram(program: string, cwd: string, env: NodeJS.ProcessEnv): void {
  if (process.platform === 'win32') return;
  const places = program.includes('/')
    ? [path.resolve(cwd, program)]
    : (env['PATH'] ?? '').split(path.delimiter).map((folder) => path.join(folder, program));
  if (places.some(isProgram)) return;
  throw new BackupError('USAGE', `there is no program ${escapeName(program)} that can be run`, {
    hint: 'Check the words after --; a line of shell needs sh -c before it. Nothing was done.',
  });
}

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
