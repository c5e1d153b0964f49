/**
 * `npm run bench [-- FILES]`: create without and with its proof, beside GNU tar | zstd plus sha256sum over the same small files, in one
 * run. Prints wall seconds and the peak RSS of migbackup. Needs tar, zstd and GNU time; says so where they are absent.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const files = Number(process.argv[2] ?? 100_000);
const cli = path.join(import.meta.dirname, '..', 'bin', 'run.js');
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-bench-'));

function makeProject(): void {
  for (let at = 0; at < files; at++) {
    const folder = path.join(work, 'deployments', `net-${at % 100}`);
    if (at < 100) fs.mkdirSync(folder, { recursive: true });
    const record = {
      address: `0x${at.toString(16).padStart(40, '0')}`,
      args: [at, at * 7, `name-${at}`],
      abi: 'x'.repeat(at % 3000),
    };
    fs.writeFileSync(path.join(folder, `${at}.json`), JSON.stringify(record, null, 2));
  }
}

function timed(name: string, command: string, args: readonly string[]): void {
  const began = performance.now();
  const result = spawnSync('/usr/bin/time', ['-f', '%M %U %S', command, ...args], { cwd: work, encoding: 'utf8' });
  const seconds = (performance.now() - began) / 1000;
  if (result.error !== undefined || result.status !== 0) {
    process.stdout.write(`${name}: failed or absent: ${result.error?.message ?? result.stderr}\n`);
    return;
  }
  const [rss = '0', user = '0', system = '0'] = result.stderr.trim().split('\n').at(-1)?.split(' ') ?? [];
  const cpu = Number(user) + Number(system);
  process.stdout.write(
    `${name.padEnd(34)} ${seconds.toFixed(2)} s wall  ${cpu.toFixed(2)} s CPU  ${Math.round(Number(rss) / 1024)} MiB peak\n`,
  );
}

try {
  makeProject();
  const migbackup = (...args: string[]): [string, string[]] => [process.execPath, [cli, ...args]];
  timed('warm-up: read everything', 'sh', [
    '-c',
    'cat $(find deployments -type d) >/dev/null 2>&1; find deployments -type f -print0 | xargs -0 cat | wc -c',
  ]);
  timed('migbackup create --no-verify', ...migbackup('create', '--no-verify', '--quiet'));
  timed('tar | zstd -1 -T0, sha256sum', 'sh', [
    '-c',
    'tar -cf - deployments | zstd -1 -T0 -q -o peer.tar.zst && find deployments -type f -print0 | xargs -0 sha256sum > peer.sums',
  ]);
  timed('migbackup create (and proof)', ...migbackup('create', '--quiet'));
  timed('migbackup verify', ...migbackup('verify', '--quiet'));
} finally {
  fs.rmSync(work, { recursive: true, force: true });
}
