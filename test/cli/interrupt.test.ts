import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import type { Doing } from '../../src/cli/interrupt.ts';

const MODULE = JSON.stringify(new URL('../../src/cli/interrupt.ts', import.meta.url).href);

/** What a process says that gets SIGINT and then SIGTERM while it is doing that, and the reason that its AbortSignal has then. */
function interrupted(doing: Doing): { said: string[]; reason: string } {
  const script = `import { abortOnSignals } from ${MODULE};
    const signal = abortOnSignals(() => (${JSON.stringify(doing)}));
    const alive = setInterval(() => {}, 1000);
    for (const name of ['SIGINT', 'SIGTERM']) {
      const heard = new Promise((resolve) => process.once(name, resolve));
      process.kill(process.pid, name);
      await heard;
    }
    clearInterval(alive);
    process.stdout.write(String(signal.reason));`;
  const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  return { said: ran.stderr.split('\n').slice(0, -1), reason: ran.stdout };
}

test.each<[string, Partial<Doing>, string[]]>([
  [
    'at work',
    { phase: 'restoring' },
    // It may be too late to take anything back: nothing is promised that what comes next could belie.
    [
      'SIGINT: stopping; what was begun is taken back, unless it is done already',
      'SIGTERM: still stopping (restoring); this finishes by itself',
    ],
  ],
  [
    'while a command runs',
    { command: 'running' },
    ['SIGINT: waiting for the command to end', 'SIGTERM: waiting for the command to end'],
  ],
  [
    'once it has ended',
    { command: 'ended', phase: 'restoring' },
    [
      'SIGINT: the command has ended; the rest finishes by itself (restoring)',
      'SIGTERM: the command has ended; the rest finishes by itself (restoring)',
    ],
  ],
  ['at a question', { asking: true, command: 'ended' }, []],
])('%s', (_when, doing, said) => {
  expect(interrupted({ phase: undefined, command: 'none', asking: false, ...doing })).toEqual({
    said,
    reason: 'SIGINT',
  });
});
