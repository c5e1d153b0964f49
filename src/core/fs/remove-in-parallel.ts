import fs from 'node:fs';
import path from 'node:path';

/** The number of libuv's threads. More would gain nothing. */
const AT_ONCE = 4;

/**
 * Removes a folder and everything in it, never through a link, several files at a time. On a file system that tells the disk at once which blocks are
 * free (ext4 with `discard`), each removal waits about 2.3 ms for the disk. Folders without owner permissions are made accessible first.
 */
export async function removeInParallel(folder: string): Promise<void> {
  await removeFolder(Buffer.from(folder));
}

/** Paths are bytes here, because names may not be valid UTF-8. */
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
  // All removals have ended before an error is thrown, so nothing continues in the background.
  const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  fs.rmdirSync(folder);
}
