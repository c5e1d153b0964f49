import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { canRunAsUser, giveToUser, isRoot, runAsUser } from '../support/other-user.ts';
import { schemaViolations } from '../support/schemas.ts';
import { withReason } from '../support/skipped.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/* Where nobody may look there is nothing to be said about: neither that a restore is unfinished, nor that none is. */

let temp: TempFolder;
let root: string;
let state: string;

beforeAll(() => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  state = path.join(root, '.migbackup');
  put(root, 'package.json', '{}');
  put(root, 'docs/a.md', 'a');
  chmodSync(temp.path, 0o755);
  mkdirSync(state, { mode: 0o700 });
  giveToUser(root);
  expect(runAsUser(root, ['create'])).toMatchObject({ status: 0 });
});
afterAll(() => {
  chmodSync(state, 0o700);
  temp[Symbol.dispose]();
});

const COMMANDS = [
  ['list'],
  ['undo', '--list'],
  ['undo', '--yes'],
  ['undo', '--dry-run'],
  ['restore', '--latest', '--yes'],
  ['restore', '--latest', '--dry-run'],
  ['recover'],
  ['create'],
  ['guard', '--', 'true'],
];

const CASES = [
  ...(isRoot ? [{ whose: 'somebody else', close: () => chownSync(state, 0, 0), hint: /belongs to user 0/ }] : []),
  {
    whose: 'the user',
    close: () => chmodSync(state, 0),
    hint: /Run: chmod u\+rwX -- \S+\.migbackup, then the same command again/,
  },
];

const reason = canRunAsUser ? null : 'nobody else can reach this checkout';

describe.skipIf(reason !== null).each(CASES)(
  withReason('a .migbackup of $whose that may not be read (as another user)', reason),
  ({ close, hint }) => {
    beforeAll(close);
    afterAll(() => {
      chmodSync(state, 0o700);
      giveToUser(state);
    });

    test.each(COMMANDS)('%s %s: an error of the system, which names the path and the right', (...args) => {
      const { status, stderr } = runAsUser(root, args);
      expect(status, stderr).toBe(5);
      expect(stderr).toMatch(/^error .*EACCES.*\.migbackup.* \(IO\)$/m);
      expect(stderr).not.toContain('unfinished');
      expect(stderr).toMatch(/^hint .*[Tt]he right x is missing on \S+\.migbackup/m);
      expect(stderr).toMatch(hint);
    });

    test('status says that it cannot look there, and the rest', () => {
      const { status, stdout, stderr } = runAsUser(root, ['status']);
      expect(status, stderr).toBe(0);
      const text = stdout.replaceAll(/\s+/g, ' ');
      expect(text).toMatch(/latest migration-\S+ .*not seen .*\.migbackup.*EACCES/);
      expect(text).not.toMatch(/ unfinished |nothing to undo|migbackup recover/);
      expect(text).toContain('way back not known');
      const document = JSON.parse(runAsUser(root, ['status', '--json']).stdout);
      expect(schemaViolations('status', document)).toEqual([]);
      expect(document).toMatchObject({ pending: [{ what: 'not-seen' }], undo: null, backups: { migration: 1 } });
    });

    test('validate says so too', () => {
      const { status, stdout } = runAsUser(root, ['validate', '--json']);
      expect(status).toBe(4);
      const { checks }: { checks: { id: string; status: string; message: string }[] } = JSON.parse(stdout);
      const transaction = checks.find(({ id }) => id === 'transaction');
      expect(transaction).toMatchObject({ status: 'critical' });
      expect(transaction?.message).toContain('EACCES');
    });
  },
);
