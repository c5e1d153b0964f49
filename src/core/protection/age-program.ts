import { spawn } from 'node:child_process';
import { BackupError, errnoOf } from '../model/backup-error.ts';

/** SSH keys and the plugins of age (hardware tokens) are the matter of the age program. It asks a person itself, on the terminal. */

const MAX_OUTPUT_BYTES = 1 << 20;

/**
 * Runs age with these bytes on stdin, and returns its stdout. Secrets are in files and on stdin alone, not in arguments. Throws KEY_UNUSABLE.
 * @param what the beginning of a sentence about what it could not do
 */
export async function runAge(args: readonly string[], input: Uint8Array, what: string): Promise<Buffer> {
  const seesPerson = process.stderr.isTTY;
  const child = spawn('age', args, { stdio: 'pipe', windowsHide: true });
  const out: Buffer[] = [];
  const said: Buffer[] = [];
  let bytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_OUTPUT_BYTES) child.kill();
    else out.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.push(chunk);
    // What a plugin asks a person to do, such as a touch. What went wrong is said by our own error.
    if (seesPerson && !chunk.includes('age: error')) process.stderr.write(chunk);
  });
  // If it ended without reading, its exit code says more.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', (cause) => reject(errnoOf(cause) === 'ENOENT' ? notInstalled(what, cause) : cause));
  });
  if (code === 0) return Buffer.concat(out);
  const line = Buffer.concat(said)
    .toString('utf8')
    .split('\n')
    .find((one) => one.includes('rror'));
  const [, plugin] = /([\w.+-]+) plugin: couldn't start plugin/.exec(line ?? '') ?? [];
  if (plugin !== undefined) throw noPlugin(what, plugin);
  throw new BackupError(
    'KEY_UNUSABLE',
    `${what}: age ends with ${code ?? 'a signal'}${line === undefined ? '' : ` (${line.trim()})`}`,
    {
      hint: 'Look at what age says, and whether the plugin for this key is installed.',
    },
  );
}

function noPlugin(what: string, plugin: string): BackupError {
  return new BackupError(
    'KEY_UNUSABLE',
    `${what}: age cannot start the program age-plugin-${plugin}, which this key needs`,
    { hint: `Install age-plugin-${plugin} in a folder of PATH, or use an age1… key, which needs no program.` },
  );
}

function notInstalled(what: string, cause: unknown): BackupError {
  return new BackupError(
    'KEY_UNUSABLE',
    `${what}: the program age, which SSH keys and plugins need, is not installed`,
    {
      hint: 'Install age 1.1 or newer (age-encryption.org), or use an age1… key, which needs no program.',
      cause,
    },
  );
}
