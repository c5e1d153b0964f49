import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { eachSampleProject } from '../support/each-sample-project.ts';
import { runCli } from '../support/run-cli.ts';

const project = eachSampleProject();

/** Leaves a process behind that nothing in its environment tells from others (sudo, env -i), and that writes when it is told. */
const LEAVE = `setsid env -i PATH="$PATH" sh -c 'echo $$ > ../pid; while [ -e ../pid ] && [ ! -e ../go ]; do sleep 0.02; done; echo late > package.json' </dev/null >/dev/null 2>&1 &
while [ ! -s ../pid ]; do sleep 0.01; done; echo half > package.json;`;

test.skipIf(process.platform !== 'linux').each([
  ['fails', 1, 20],
  ['succeeds', 0, 0],
])('what a command that %s leaves running in the project is named', async (_how, own, exitCode) => {
  const script = `${LEAVE} exit ${own}`;
  const run = await runCli(['guard', '--json', '--', 'sh', '-c', script], { cwd: project.root });
  writeFileSync(path.join(project.outside, 'go'), '');
  const pid = Number(readFileSync(path.join(project.outside, 'pid'), 'utf8'));
  expect(run, run.stdout).toMatchObject({ exitCode });
  const { findings } = JSON.parse(run.stdout);
  const named = findings.filter(({ code }: { code: string }) => code === 'still-running');
  // What a command that succeeded leaves running is a service that it started.
  if (own === 0) expect(named).toEqual([]);
  else
    expect(named).toMatchObject([
      {
        severity: 'warning',
        message: expect.stringContaining(`pid ${pid}`),
        recommendation: expect.stringContaining(`kill ${pid}`),
      },
    ]);
});

test('what was in the project before the command is nobody whom it left', async () => {
  const run = await runCli(['guard', '--json', '--', 'false'], { cwd: project.root });
  expect(JSON.parse(run.stdout).findings).toEqual([]);
});
