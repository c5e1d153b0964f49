import fs from 'node:fs';
import path from 'node:path';

/** What is known of a folder and of all that is in it, but when it was last read. */
export function identities(dir: string): unknown[] {
  return ['.', ...fs.readdirSync(dir).toSorted()].map((name) => {
    const { ino, size, mode, nlink, uid, gid, mtimeNs, ctimeNs } = fs.lstatSync(path.join(dir, name), { bigint: true });
    return { name, ino, size, mode, nlink, uid, gid, mtimeNs, ctimeNs };
  });
}
