import { hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** What `sha256sum` does: the hash of every file below a folder, one line each. */
export function hashAll(folder: string, sums: string): void {
  const lines = fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => `${hash('sha256', fs.readFileSync(file), 'hex')}  ${file}\n`);
  fs.writeFileSync(sums, lines.join(''));
}
