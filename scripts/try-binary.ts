/**
 * The main job with a built binary and nothing else: create, verify, destroy, restore on a made-up project, compared byte by byte.
 *   npm run binary:try                                            this machine's binary
 *   npm run binary:try -- linux-arm64 - qemu-aarch64 -L DIR       run by another program
 *   npm run binary:try -- linux-x64 ROOT chroot ROOT              in another root: program and project are in ROOT, and their paths begin there
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { mainJob } from '../test/support/main-job.ts';
import { hostTarget, root } from './release/targets.ts';

const [name = hostTarget()?.name ?? '', inside = '-', ...command] = process.argv.slice(2);
const binary = ['', '.exe']
  .map((suffix) => `release/migbackup-${name}${suffix}`)
  .find((file) => existsSync(path.join(root, file)));
if (binary === undefined) throw new Error(`there is no binary for ${name}: npm run build:release`);

const base = inside === '-' ? '' : path.resolve(inside);
const folder = mkdtempSync(path.join(base || os.tmpdir(), 'migbackup-try-'));
const seenAs = (file: string) => file.slice(base.length);
try {
  const program = path.join(folder, path.basename(binary));
  copyFileSync(path.join(root, binary), program);
  // The binary gets nothing of this machine's environment: its home is empty, and there is a PATH only for the program that runs it.
  const PATH = command.length === 0 ? '' : (process.env['PATH'] ?? '');
  const bare = { HOME: seenAs(path.join(folder, 'home')), TMPDIR: seenAs(folder), PATH };
  // Windows itself needs much of its environment.
  const env = process.platform === 'win32' ? process.env : bare;
  const [first, ...rest] = command;
  const whole: [string, ...string[]] = first === undefined ? [program] : [first, ...rest, seenAs(program)];
  const differences = await mainJob(whole, path.join(folder, 'project'), { env, seenAs });
  if (differences.length > 0) throw new Error(`restored by the binary, but different:\n${differences.join('\n')}`);
  console.log(`${path.basename(binary)}: created, verified, destroyed, restored and equal`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
