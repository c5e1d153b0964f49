import fs from 'node:fs';
import path from 'node:path';

/** As many as libuv has threads: more gain nothing. */
const AT_ONCE = 4;

/**
 * Removes a folder and all that is in it, never through a link, several files at a time: where a disk is told at once which blocks are free
 * (ext4 with `discard`) each removal waits for it, 2.3 ms a file. Folders without owner permissions are opened first.
 */
export async function removeInParallel(folder: string): Promise<void> {
  await removeFolder(Buffer.from(folder));
}

/** A name may not be valid UTF-8, so that paths are bytes. */
async function removeFolder(folder: Buffer): Promise<void> {
  if ((fs.lstatSync(folder).mode & 0o700) !== 0o700) fs.chmodSync(folder, 0o700);
  const names = fs.readdirSync(folder, { encoding: 'buffer' });
  const worker = async (): Promise<void> => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const child = Buffer.concat([folder, Buffer.from(path.sep), name]);
      if (fs.lstatSync(child).isDirectory()) await removeFolder(child);
      else await fs.promises.unlink(child);
    }
  };
  // All of them have ended before an error is told: nothing goes on behind it.
  const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  fs.rmdirSync(folder);
}
