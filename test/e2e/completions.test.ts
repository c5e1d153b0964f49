import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { withReason } from '../support/skipped.ts';
import { tempFolder } from '../support/temp-folder.ts';

const home = tempFolder();
afterAll(() => home[Symbol.dispose]());
const env = { HOME: home.path, XDG_CACHE_HOME: path.join(home.path, 'cache') };

beforeAll(async () => {
  expect((await runCli(['autocomplete', '--refresh-cache'], { env })).exitCode).toBe(0);
});

function has(shell: string): boolean {
  return spawnSync(shell, ['-c', 'exit 0']).status === 0;
}

/** What the line would become if Tab were pressed at its end, in a shell whose start-up file holds what `autocomplete script` prints. */
async function completeInBash(line: string): Promise<string[]> {
  const { stdout: setup } = await runCli(['autocomplete', 'script', 'bash'], { env });
  const press = `
    COMP_WORDS=(${line}); [[ $LINE == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _migbackup_autocomplete; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const text = execFileSync('bash', ['-c', setup + press], {
    encoding: 'utf8',
    env: { ...env, PATH: '/usr/bin:/bin', LINE: line },
  });
  return text.trim().split('\n');
}

const noBash = has('bash') ? null : 'there is no bash here';
describe.skipIf(noBash !== null)(withReason('bash', noBash), () => {
  test('completes commands', async () => {
    expect(await completeInBash('migbackup ve')).toEqual(['verify']);
    expect(await completeInBash('migbackup ')).toEqual(expect.arrayContaining(['create', 'restore', 'undo']));
  });

  test('completes the flags of the command that stands there', async () => {
    expect(await completeInBash('migbackup restore --dr')).toEqual(['--dry-run']);
    expect(await completeInBash('migbackup create --dr')).toEqual(['']);
  });
});

test('zsh takes the script', ({ skip }) => {
  skip(!has('zsh'), 'there is no zsh here');
  const script = path.join(home.path, 'cache/migbackup/autocomplete/functions/zsh/_migbackup');
  expect(spawnSync('zsh', ['-n', script], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
});

test('the instructions name the line to run', async () => {
  const { stdout } = await runCli(['autocomplete', 'zsh'], { env });
  expect(stdout).toContain('migbackup autocomplete script zsh');
});
