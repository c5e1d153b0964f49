import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { hasTerminal, runOnTerminal } from '../support/terminal.ts';

/* What ssh-keygen says to a person, for a passphrase as for a security key that waits for a touch. */
describe.runIf(hasTerminal)('signing with a key that has a passphrase (on a terminal that `script` makes)', () => {
  const folder = tempFolder();
  const root = path.join(folder.path, 'project');
  const key = path.join(folder.path, 'locked');
  let id = '';
  const signature = (): string => path.join(root, 'backups', `${id}.sig`);
  beforeAll(async () => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'the passphrase', '-f', key]);
    put(root, 'deployments/a.json', '{}');
    id = JSON.parse((await runCli(['create', '--json'], { cwd: root })).stdout).backupId;
  });
  afterAll(() => folder[Symbol.dispose]());

  const onTerminal = (typed: string) =>
    runOnTerminal(['sign', id, '--key', key], [{ after: 'Enter passphrase', type: `${typed}\n` }], { cwd: root });

  test('ssh-keygen asks for it there, and it is not shown', async () => {
    const { exitCode, screen } = await onTerminal('the passphrase');
    expect(exitCode, screen).toBe(0);
    expect(screen).not.toContain('the passphrase');
    expect(existsSync(signature())).toBe(true);
    rmSync(signature());
  });

  test('what ssh-keygen says against it is on the screen', async () => {
    const { exitCode, screen } = await onTerminal('another');
    expect(exitCode, screen).toBe(5);
    expect(screen).toContain('incorrect passphrase');
    expect(screen.replaceAll(/\s+/g, ' ')).toContain('ssh-keygen does not sign with it, and says above why');
    expect(existsSync(signature())).toBe(false);
  });
});
