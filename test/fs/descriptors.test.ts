import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const MODULE = fileURLToPath(new URL('../../src/core/fs/descriptors.ts', import.meta.url));

/** How many of 10,000 files a process may open that was started with this limit. */
function spareOf(limit: string): number {
  const script = `import { spareDescriptors } from ${JSON.stringify(MODULE)}; console.log(spareDescriptors(10_000));`;
  const line = `ulimit -n ${limit} && exec "$0" --input-type=module-typescript -e "$1"`;
  const { stdout, stderr } = spawnSync('sh', ['-c', line, process.execPath, script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return Number(stdout);
}

test.skipIf(process.platform === 'win32')(
  'the limit of the process leaves room for everything else (not on Windows)',
  () => {
    const few = spareOf('100');
    expect(few).toBeGreaterThan(8);
    expect(few).toBeLessThanOrEqual(100 - 32);
    expect(spareOf('40')).toBe(8);
  },
);
