import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { canRunAsUser, giveToUser, runAsUser } from '../support/other-user.ts';
import { schemaViolations } from '../support/schemas.ts';
import { withReason } from '../support/skipped.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/* What may not be read is not known to be damaged, and not known to be whole. */

let temp: TempFolder;
let root: string;
let older: string;
let newer: string;

beforeAll(() => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  put(root, 'package.json', '{}');
  put(root, 'docs/a.md', 'a');
  put(root, 'deployments/b.json', '{}');
  chmodSync(temp.path, 0o755);
  giveToUser(root);
  const create = (): string => JSON.parse(runAsUser(root, ['create', '--json']).stdout).backupId;
  [older, newer] = [create(), create()];
});
afterAll(() => temp[Symbol.dispose]());

const folderOf = (id: string): string => path.join(root, 'backups', id);
const text = (...args: string[]) => runAsUser(root, args);
const document = (name: string, ...args: string[]) => {
  const found = JSON.parse(runAsUser(root, [...args, '--json']).stdout);
  expect(schemaViolations(name, found)).toEqual([]);
  return found;
};
const words = (said: string): string => said.replaceAll(/\s+/g, ' ');

const reason = canRunAsUser ? null : 'nobody else can reach this checkout';

const PLACES = [
  { what: 'its folder', mode: 0o700, place: () => folderOf(newer), right: 'x' },
  { what: 'its manifest', mode: 0o600, place: () => path.join(folderOf(newer), 'BACKUP_MANIFEST.json'), right: 'r' },
];

describe.skipIf(reason !== null).each(PLACES)(
  withReason('the newest backup may not be read: $what (as another user)', reason),
  ({ place, mode, right }) => {
    beforeAll(() => chmodSync(place(), 0));
    afterAll(() => chmodSync(place(), mode));
    afterEach(() => {
      put(root, 'deployments/b.json', '{}');
      giveToUser(path.join(root, 'deployments'));
      for (const { backupId: id } of document('list', 'list').backups)
        if (id !== older && id !== newer) rmSync(folderOf(id), { recursive: true });
    });

    test('list and status say so, and that it is damaged they do not', () => {
      expect(document('list', 'list').backups[0]).toMatchObject({ backupId: newer, status: 'forbidden' });
      const listed = text('list').stdout;
      expect(words(listed)).toMatch(new RegExp(`${newer} no permission to read it BACKUP_MANIFEST.json .*EACCES`));
      const status = text('status').stdout;
      expect(words(status)).toMatch(/latest \S+ (just now|\d+ minutes? ago), no permission to read it: .*EACCES/);
      expect(listed + status).not.toContain('damaged');
    });

    test('verify ends with an error of the system, and no record calls it FAILED', () => {
      const { status, stderr } = text('verify', newer);
      expect(status, stderr).toBe(5);
      expect(stderr).toMatch(/^error .*BACKUP_MANIFEST\.json may not be read: EACCES.* \(IO\)$/m);
      expect(stderr).toMatch(new RegExp(`^hint .*right ${right} is missing on .*Run: chmod u\\+rwX -- `, 'm'));
      expect(document('list', 'list').backups[0].lastVerification).not.toMatchObject({ status: 'FAILED' });
    });

    test('verify --all verifies the others all the same', () => {
      const { status, stderr } = text('verify', '--all');
      expect(status, stderr).toBe(5);
      expect(stderr).toContain('EACCES');
      expect(stderr).toContain('the other backups were verified: PASSED');
      expect(readdirSync(path.join(root, 'backups/reports', older)).join()).toContain('verify-');
    });

    test('validate says so, and that nothing was compared with it', () => {
      const { checks }: { checks: { id: string; status: string; message: string; recommendation?: string }[] } =
        document('validate', 'validate');
      const check = (id: string) => checks.find((each) => each.id === id);
      expect(check('newest-backup')).toMatchObject({ status: 'warning' });
      expect(check('newest-backup')?.message).toMatch(/may not be read/);
      expect(check('newest-backup')?.recommendation).toContain('chmod u+rwX');
      expect(check('state-gone')).toMatchObject({ status: 'warning' });
      expect(check('state-gone')?.message).toMatch(new RegExp(`not compared with ${newer}: .*EACCES`));
      const { lost } = document('status', 'status');
      expect(lost).toMatchObject([{ backupId: older, gone: [], newer: { backupId: newer } }]);
      expect(words(text('status').stdout)).toMatch(new RegExp(`gone\\? not compared with ${newer}: .*EACCES`));
    });

    test('what is gone since an older one is said all the same, and create says both', () => {
      rmSync(path.join(root, 'deployments/b.json'));
      const { checks }: { checks: { id: string; status: string; message: string }[] } = document(
        'validate',
        'validate',
      );
      const gone = checks.find(({ id }) => id === 'state-gone');
      expect(gone).toMatchObject({ status: 'critical' });
      expect(gone?.message).toContain(`gone since ${older}`);
      expect(gone?.message).toContain(`not compared with ${newer}`);
      const { findings } = document('create', 'create');
      expect(findings).toContainEqual(expect.objectContaining({ code: 'state-gone' }));
      expect(findings).toContainEqual(
        expect.objectContaining({ code: 'state-not-compared', severity: 'warning', path: folderOf(newer) }),
      );
    });
  },
);

test.skipIf(reason !== null)(
  withReason('the only backup may not be read: nobody says that there is none (as another user)', reason),
  () => {
    for (const id of [older, newer]) chmodSync(folderOf(id), 0);
    try {
      const { lost } = document('status', 'status');
      expect(lost).toMatchObject([{ backupId: newer, gone: [], restore: null, newer: null }]);
      expect(lost[0].problem).toContain('EACCES');
    } finally {
      for (const id of [older, newer]) chmodSync(folderOf(id), 0o700);
    }
  },
);

interface Findings {
  readonly backupId: string;
  readonly findings: readonly { code: string; message: string }[];
}
const notCompared = ({ findings }: Findings): string[] =>
  findings.flatMap(({ code, message }) => (code === 'state-not-compared' ? [message] : []));

describe.skipIf(reason !== null)(withReason('what could not be compared (as another user)', reason), () => {
  let elsewhere: string;
  const place = ['--backups', '../repository'];
  const create = (cwd: string): Findings => JSON.parse(runAsUser(cwd, ['create', '--json', ...place]).stdout);
  const validate = (cwd: string): string => words(runAsUser(cwd, ['validate', ...place]).stdout);
  const project = (name: string): string => {
    const made = path.join(temp.path, name);
    put(made, 'docs/a.md', 'a');
    put(made, 'deployments/b.json', '{}');
    giveToUser(made);
    return made;
  };
  beforeEach(() => {
    elsewhere = path.join(temp.path, 'repository');
    mkdirSync(elsewhere);
    giveToUser(elsewhere);
  });
  afterEach(() => rmSync(elsewhere, { recursive: true }));

  test('is asked for again after every other backup, until it can be read', () => {
    const mine = project('mine');
    const first = create(mine).backupId;
    rmSync(path.join(mine, 'deployments/b.json'));
    expect(create(mine).findings).toContainEqual(expect.objectContaining({ code: 'state-gone' }));
    chmodSync(path.join(elsewhere, first), 0);
    // Whose backup it is only the one before knows: it does not stand in the project.
    for (const each of [1, 2])
      expect(notCompared(create(mine)), `backup ${each}`).toEqual([
        expect.stringMatching(new RegExp(`not compared with ${first}: .*EACCES`)),
      ]);
    chmodSync(path.join(elsewhere, first), 0o700);
    expect(validate(mine)).toContain(`gone since ${first}: deployments/b.json`);
  });

  test('can be accepted', () => {
    const mine = project('accepting');
    const inside = (...args: string[]): Findings => JSON.parse(runAsUser(mine, ['create', '--json', ...args]).stdout);
    const first = inside().backupId;
    chmodSync(path.join(mine, 'backups', first), 0);
    expect(notCompared(inside())).toHaveLength(1);
    expect(inside('--accept-gone').findings).toContainEqual(
      expect.objectContaining({
        code: 'gone-accepted',
        message: expect.stringContaining(`not compared with ${first}: `),
      }),
    );
    expect(notCompared(inside())).toEqual([]);
  });

  test('and may be of another project is said once', () => {
    const theirs = create(project('theirs')).backupId;
    chmodSync(path.join(elsewhere, theirs), 0);
    const other = project('other');
    expect(notCompared(create(other))).toEqual([expect.stringContaining(`not compared with ${theirs}: `)]);
    expect(notCompared(create(other))).toEqual([]);
    expect(validate(other)).not.toContain('not compared');
  });
});
