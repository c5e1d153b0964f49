/**
 * `npm run bench:encryption [-- --rounds 5] [--megabytes 1000]`: a file that does not compress, sealed and opened by migbackup's own code on one thread, and
 * by the age program where it is installed, in turn. Works in the folder for temporary files (TMPDIR), which needs three times the size.
 */
import { createCipheriv, createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { collectNewGarbage } from '../src/core/format/buffer-memory.ts';
import { openReader } from '../src/core/fs/readable-file.ts';
import { OpenedFile } from '../src/core/protection/opened-file.ts';
import { newSeal, SealedFile } from '../src/core/protection/sealed-file.ts';
import { ask, measure, spread } from './measure.ts';

const BLOCK = 1 << 18;
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, megabytes: { type: 'string', default: '1000' } },
});
const size = Number(values.megabytes) * 1_000_000;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-bench-'));
const at = (name: string): string => path.join(folder, name);

function writePlain(): string {
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16));
  const hash = createHash('sha256');
  const fd = fs.openSync(at('plain'), 'w');
  for (let left = size; left > 0; left -= BLOCK) {
    const bytes = noise.update(Buffer.alloc(Math.min(BLOCK, left)));
    hash.update(bytes);
    fs.writeSync(fd, bytes);
  }
  fs.closeSync(fd);
  return hash.digest('hex');
}

/** As a push does it: read once to know what it becomes, then again to send it. */
async function seal(recipient: string, sha256: string): Promise<{ prepared: number; written: number }> {
  const begun = performance.now();
  const sealed = await SealedFile.make({ file: at('plain'), name: 'plain', size, sha256 }, await newSeal(recipient));
  const prepared = performance.now();
  const reader = sealed.open();
  const block = Buffer.allocUnsafeSlow(BLOCK);
  const fd = fs.openSync(at('sealed'), 'w');
  let done = 0;
  for (let read = reader.read(block, 0); read > 0; read = reader.read(block, done)) {
    done += fs.writeSync(fd, block, 0, read);
  }
  fs.closeSync(fd);
  reader.close();
  return { prepared: prepared - begun, written: performance.now() - prepared };
}

async function open(identity: string, sha256: string): Promise<number> {
  const begun = performance.now();
  const reader = openReader(at('sealed'));
  const total = fs.statSync(at('sealed')).size;
  const read = async function* (from: number, to: number): AsyncGenerator<Buffer> {
    for (let done = from; done < to; done += BLOCK) {
      const block = Buffer.allocUnsafe(Math.min(BLOCK, to - done));
      reader.read(block, done);
      yield block;
    }
  };
  const hash = createHash('sha256');
  const fd = fs.openSync(at('opened'), 'w');
  let since = 0;
  for await (const chunk of new OpenedFile({ name: 'sealed', size: total, read }, identity).read(0, size)) {
    hash.update(chunk);
    fs.writeSync(fd, chunk);
    since += chunk.length;
    if (since < 8 << 20) continue;
    since = 0;
    collectNewGarbage();
  }
  fs.closeSync(fd);
  reader.close();
  if (hash.digest('hex') !== sha256) throw new Error('another file came back');
  return performance.now() - begun;
}

const speeds = new Map<string, number[]>();
const note = (what: string, milliseconds: number): void => {
  speeds.set(what, [...(speeds.get(what) ?? []), size / 1000 / milliseconds]);
};

try {
  const sha256 = writePlain();
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  fs.writeFileSync(at('identity'), `${identity}\n`, { mode: 0o600 });
  const version = ask('age --version', folder, process.env);
  for (let round = 0; round < Number(values.rounds); round++) {
    const { prepared, written } = await seal(recipient, sha256);
    note('migbackup reads and seals once, to know the hashes', prepared);
    note('migbackup seals and writes', written);
    note('migbackup opens, hashes and writes', await open(identity, sha256));
    if (version === null) continue;
    note(`age ${version} encrypts`, measure(`age -r ${recipient} -o by-age plain`, folder, process.env).seconds * 1000);
    note(`age ${version} decrypts`, measure('age -d -i identity -o out by-age', folder, process.env).seconds * 1000);
    // Each opens what the other made.
    measure('age -d -i identity sealed | cmp - plain', folder, process.env);
  }
  for (const [what, values] of speeds) {
    const { median, min, max } = spread(values);
    process.stdout.write(`${what}: ${median.toFixed(0)} MB/s (${min.toFixed(0)} to ${max.toFixed(0)})\n`);
  }
  process.stdout.write(`peak of migbackup's memory: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB\n`);
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
