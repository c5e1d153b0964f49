import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A private folder that is removed when the scope ends (`using`). */
export interface TempFolder extends Disposable {
  readonly path: string;
}

export function tempFolder(prefix = 'migbackup-test-', parent = tmpdir()): TempFolder {
  const folder = realpathSync(mkdtempSync(path.join(parent, prefix)));
  return { path: folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
