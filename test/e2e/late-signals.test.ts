import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { cleanEnvironment, cliCommand } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('a signal that comes once the result is printed changes no exit code', async () => {
  using temp = tempFolder();
  const [program, ...leading] = cliCommand();
  const ended: unknown[] = [];
  for (const delay of [0, 0, 1, 1, 2, 2, 3, 4, 5, 6]) {
    const args = [...leading, 'list', '--root', temp.path, '--backups', path.join(temp.path, 'backups')];
    const child = spawn(program, args, { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'ignore'] });
    const exit = once(child, 'exit');
    await once(child.stdout, 'data');
    await sleep(delay);
    child.kill('SIGTERM');
    ended.push(await exit);
  }
  expect(ended).toEqual(ended.map(() => [0, null]));
});
