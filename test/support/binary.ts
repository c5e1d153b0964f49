import { existsSync } from 'node:fs';
import path from 'node:path';
import { hostTarget, root } from '../../scripts/release/targets.ts';

/** This machine's single binary if it is built (`npm run build:binary`). */
export function builtBinary(): string | undefined {
  const file = path.join(
    root,
    'release',
    `migbackup-${hostTarget()?.name}${process.platform === 'win32' ? '.exe' : ''}`,
  );
  return existsSync(file) ? file : undefined;
}
