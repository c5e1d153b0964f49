import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';
import { makeSampleProject } from '../support/sample-project.ts';
import { withReason } from '../support/skipped.ts';
import { tempFolder } from '../support/temp-folder.ts';

/* An export that somebody unpacked and packed again with what is at hand, and files that are no export at all. */

const temp = tempFolder();
const root = path.join(temp.path, 'project');
/** Holds the unpacked export, and what is packed of it. */
const desk = path.join(temp.path, 'desk');
const SCRATCH = { env: { TMPDIR: path.join(temp.path, 'scratch') } };
let id: string;
let before: ReturnType<typeof readTree>;

const run = (...args: string[]) => runCli(args, { cwd: root, ...SCRATCH });
const at = (name: string): string => path.join(desk, name);
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ');
const sh = (script: string): void => void execFileSync('sh', ['-ec', script, '-', id], { cwd: desk });
const lacks = (...command: [string, ...string[]]): string | null =>
  spawnSync(command[0], command.slice(1)).status === 0 ? null : `needs ${command[0]}`;

beforeAll(async () => {
  await makeSampleProject(root);
  mkdirSync(desk);
  mkdirSync(SCRATCH.env.TMPDIR);
  before = readTree(root);
  id = JSON.parse((await run('create', '--json')).stdout).backupId;
  for (const format of ['tar', 'zip'])
    expect((await run('export', id, '--output', at(`whole.${format}`))).exitCode).toBe(0);
  cpSync(path.join(root, 'backups', id), at(id), { recursive: true, preserveTimestamps: true });
});
afterAll(() => temp[Symbol.dispose]());

const GNU = lacks('sh', '-c', 'tar --version | grep -q GNU');
const ZIP = lacks('zip', '-v');
const BSD = lacks('bsdtar', '--version');
const PYTHON = lacks('python3', '--version');
const python = (lines: string): string =>
  `python3 - "$1" <<'END'\nimport sys, os, shutil, tarfile, zipfile\n${lines}\nEND`;
const pythonZip = (file: string, method: string): string =>
  python(`with zipfile.ZipFile('${file}', 'w', zipfile.${method}) as z:
  for at, _, names in os.walk(sys.argv[1]):
    for name in names: z.write(os.path.join(at, name))`);

describe('packed again, it verifies and restores', () => {
  const cases: [name: string, script: string, file: string, reason: string | null][] = [
    ['GNU tar', 'tar -cf gnu.tar "$1"', 'gnu.tar', GNU],
    ['GNU tar, named as ./', 'tar -cf dot.tar ./"$1"', 'dot.tar', GNU],
    ['GNU tar, from its parent folder', 'mkdir p; cp -r "$1" p; tar -cf all.tar -C p .', 'all.tar', GNU],
    ['GNU tar with pax headers', 'tar --format=posix --xattrs -cf pax.tar "$1"', 'pax.tar', GNU],
    ['GNU tar as of the seventies', 'tar --format=v7 -cf v7.tar "$1"', 'v7.tar', GNU],
    ['bsdtar', 'bsdtar -cf bsd.tar "$1"', 'bsd.tar', BSD],
    ['bsdtar with pax headers', 'bsdtar --format=pax -cf bsd-pax.tar "$1"', 'bsd-pax.tar', BSD],
    ['bsdtar as a zip', 'bsdtar --format=zip --options zip:compression=store -cf bsd.zip "$1"', 'bsd.zip', BSD],
    ['zip -0 -r', 'zip -q -0 -r stored.zip "$1"', 'stored.zip', ZIP],
    ['zip -0 -r to a pipe', 'zip -q -0 -r - "$1" | cat > piped.zip', 'piped.zip', ZIP],
    ['tarfile of Python', python("shutil.make_archive('py', 'tar', '.', sys.argv[1])"), 'py.tar', PYTHON],
    ['zipfile of Python', pythonZip('py.zip', 'ZIP_STORED'), 'py.zip', PYTHON],
  ];
  for (const [name, script, file, reason] of cases)
    test.skipIf(reason !== null)(withReason(name, reason), async () => {
      sh(script);
      const verified = await run('verify', at(file));
      expect(verified, verified.stderr).toMatchObject({ exitCode: 0 });
      expect(verified.stdout).toContain(`PASSED  ${id}`);
      const to = at(`${file}-restored`);
      expect((await run('restore', at(file), '--to', to)).exitCode).toBe(0);
      expect(compareTrees(before, readTree(to))).toEqual([]);
      expect(readdirSync(SCRATCH.env.TMPDIR)).toEqual([]);
    });
});

/** GNU tar writes a name of more than 100 bytes into a member before it, and so does tarfile of Python where it is told to. */
describe('packed again with names longer than a header of tar holds', () => {
  const category = 'a'.repeat(63);
  const long = path.join(temp.path, 'long');
  const files = path.join(temp.path, 'long-desk');
  const inLong = (...args: string[]) => runCli(args, { cwd: long, ...SCRATCH });

  let longId: string;
  beforeAll(async () => {
    put(long, 'package.json', '{}');
    put(long, 'state/a.json', '{"a": 1}');
    const categories = { [category]: { sources: { state: { path: 'state' } } } };
    put(long, 'migbackup.config.json', JSON.stringify({ categories }));
    longId = JSON.parse((await inLong('create', '--json')).stdout).backupId;
    cpSync(path.join(long, 'backups'), files, { recursive: true, preserveTimestamps: true });
  });

  const cases: [name: string, script: string, reason: string | null][] = [
    ['GNU tar', 'tar --format=gnu -cf long.tar "$1"', GNU],
    ['GNU tar of old', 'tar --format=oldgnu -cf long.tar "$1"', GNU],
    ['GNU tar with pax headers', 'tar --format=posix -cf long.tar "$1"', GNU],
    [
      'tarfile of Python',
      python("with tarfile.open('long.tar', 'w', format=tarfile.GNU_FORMAT) as t: t.add(sys.argv[1])"),
      PYTHON,
    ],
  ];
  for (const [name, script, reason] of cases)
    test.skipIf(reason !== null)(withReason(name, reason), async () => {
      execFileSync('sh', ['-ec', script, '-', longId], { cwd: files });
      const verified = await inLong('verify', path.join(files, 'long.tar'));
      expect(verified, verified.stderr).toMatchObject({ exitCode: 0 });
      expect(verified.stdout).toContain(`PASSED  ${longId}`);
    });
});

describe('packed in a way that is refused, the rule is said, and what to do works', () => {
  const cases: [name: string, script: string, file: string, rule: RegExp, reason: string | null][] = [
    ['zip -r', 'zip -q -r z.zip "$1"', 'z.zip', /\S+ is compressed, .* \(zip -0\)/, ZIP],
    ['a zip of Python', pythonZip('pz.zip', 'ZIP_DEFLATED'), 'pz.zip', /\S+ is compressed, .* \(zip -0\)/, PYTHON],
    ['bsdtar, as a zip', 'bsdtar --format=zip -cf bz.zip "$1"', 'bz.zip', /\S+ is compressed, .* \(zip -0\)/, BSD],
    ['from inside', 'cd "$1"; tar -cf ../in.tar *', 'in.tar', /\S+ is not in a folder named by a backup id/, GNU],
    [
      'with a note',
      'cp -r "$1" n; echo > n/note; tar -cf n.tar n --transform "s/^n/$1/"',
      'n.tar',
      /note is not part/,
      GNU,
    ],
  ];
  for (const [name, script, file, rule, reason] of cases)
    test.skipIf(reason !== null)(withReason(name, reason), async () => {
      sh(script);
      const { exitCode, stderr } = await run('verify', at(file));
      expect(exitCode).toBe(6);
      expect(oneLine(stderr)).toMatch(rule);
      expect(oneLine(stderr)).toContain('If you packed it yourself, unpack it and give the folder of the backup');
      expect(stderr).toContain('(UNSAFE_ARCHIVE)');
    });

  test('the folder itself verifies', async () => {
    expect((await run('verify', at(id))).exitCode).toBe(0);
  });
});

const NOT_OURS: [name: string, make: () => string | Buffer][] = [
  ['a text', () => 'no backup at all\n'],
  ['nothing', () => ''],
  ['noise', () => Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * at * 31) % 251))],
  ['a text that names a backup', () => `see ${id}/BACKUP_MANIFEST.json\n`.repeat(50)],
  ['a tar', () => packed('tar -cf a.tar -C "$2" docs README.md', 'a.tar')],
  ['a tar with a link', () => packed('tar -cf l.tar -C "$2" deployments', 'l.tar')],
  ['a tar that is cut', () => packed('tar -cf c.tar -C "$2" scripts leveldb', 'c.tar').subarray(0, 3000)],
  ['a tar of the whole repository', () => packed('tar -cf r.tar -C "$2" backups', 'r.tar')],
  ['an export that is compressed', () => packed('tar -czf g.tgz "$1"', 'g.tgz')],
];

function packed(script: string, file: string): Buffer {
  execFileSync('sh', ['-ec', script, '-', id, root], { cwd: desk });
  return readFileSync(at(file));
}

test.each(NOT_OURS)('%s is not an export: one answer, whatever else is odd in it', async (_, make) => {
  await expectNotOurs(make());
});

test.skipIf(ZIP !== null)(withReason('the same of a zip, whole, cut and altered', ZIP), async () => {
  const zip = packed('cd "$2"; zip -q -r "$OLDPWD/o.zip" docs README.md leveldb', 'o.zip');
  const altered = Buffer.from(zip);
  altered.fill(0xff, 50, 90);
  for (const bytes of [zip, zip.subarray(0, 500), altered, zip.subarray(0, -10)]) await expectNotOurs(bytes);
});

async function expectNotOurs(bytes: string | Buffer): Promise<void> {
  writeFileSync(at('other'), bytes);
  for (const command of [['verify'], ['restore', '--yes']]) {
    const [name = '', ...flags] = command;
    const { exitCode, stderr } = await run(name, at('other'), ...flags);
    expect(exitCode).toBe(6);
    expect(stderr).toMatch(/^error .*other is refused: this is not a migbackup export {2}\(UNSAFE_ARCHIVE\)\nhint/);
  }
}

test.each<[name: string, damage: (bytes: Buffer) => Buffer]>([
  ['cut', (bytes) => bytes.subarray(0, bytes.length >> 1)],
  ['whose first bytes are altered', (bytes) => Buffer.concat([Buffer.from('XXXX'), bytes.subarray(4)])],
  ['whose last bytes are missing', (bytes) => bytes.subarray(0, -600)],
  ['altered in the middle', (bytes) => Buffer.from(bytes).fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 100)],
])('an export of ours %s is damaged: 4', async (_, damage) => {
  for (const format of ['tar', 'zip']) {
    writeFileSync(at('damaged'), damage(readFileSync(at(`whole.${format}`))));
    const { exitCode, stdout, stderr } = await run('verify', at('damaged'));
    expect(exitCode, stdout + stderr).toBe(4);
    expect(stdout + stderr).toMatch(/BACKUP_DAMAGED|FAILED/);
  }
});
