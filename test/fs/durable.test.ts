import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { mkdirDurable } from '../../src/core/fs/durable.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('folders above are made too, with the given rights', () => {
  using temp = tempFolder();
  const folder = path.join(temp.path, 'a/b/c');
  mkdirDurable(folder, 0o700);
  mkdirDurable(folder, 0o700);
  for (let made = folder; made !== temp.path; made = path.dirname(made))
    expect(lstatSync(made).mode & 0o777).toBe(0o700);
});

// In a process of its own, because Node's own recursive mkdir never returns there.
test.skipIf(!existsSync('/proc/self'))('where no folder can be made, that is an error, and it ends', () => {
  const file = new URL('../../src/core/fs/durable.ts', import.meta.url).href;
  const code = `import { mkdirDurable } from '${file}'; mkdirDurable('/proc/nothing/here');`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    timeout: 10_000,
    killSignal: 'SIGKILL',
  });
  expect({ signal: run.signal, stderr: run.stderr }).toEqual({
    signal: null,
    stderr: expect.stringContaining("ENOENT: no such file or directory, mkdir '/proc/nothing"),
  });
});
