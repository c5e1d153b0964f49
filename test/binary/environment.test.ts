import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { LOCK_PROBE } from '../../src/core/databases/locks/lock-probe.ts';
import { builtBinary } from '../support/binary.ts';
import { mainJob } from '../support/main-job.ts';
import { makeSampleProject } from '../support/sample-project.ts';
import { tempFolder } from '../support/temp-folder.ts';

const NOBODY = 65_534;
/** No file of users knows it, as in a container. */
const NAMELESS = 54_321;
const isRoot = process.getuid?.() === 0;
const binary = builtBinary() ?? '';
if (binary === '') throw new Error('there is no binary to test: npm run build:binary');
const fixture = path.join(process.env['MIGBACKUP_FIXTURES'] ?? '', 'lookcoin-leveldb');
const temp = tempFolder('migbackup-binary-');
afterAll(() => temp[Symbol.dispose]());

let folder = '';
let home = '';
let env: Record<string, string> = {};
beforeEach(({ task }) => {
  folder = path.join(temp.path, task.id);
  home = path.join(folder, 'home');
  fs.mkdirSync(home, { recursive: true });
  // All there is: no PATH, so no Node and no tool can be found.
  env = { HOME: home, TMPDIR: folder };
});

interface Run {
  readonly program?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: number;
}

function run(args: string[], { program = binary, cwd = folder, env: variables = env, user }: Run = {}) {
  const as = user === undefined ? {} : { uid: user, gid: user };
  const result = spawnSync(program, args, { cwd, env: { ...variables }, encoding: 'utf8', ...as });
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}

/** Loads the addon, opens an empty database with it and closes it again: `free` if all of that works. */
function loadAddon(options: Run = {}) {
  const database = fs.mkdtempSync(path.join(folder, 'database-'));
  if (options.user !== undefined) fs.chownSync(database, options.user, options.user);
  return run([LOCK_PROBE, database], options);
}
const LOADED = { status: 0, stdout: 'free\n', stderr: '' };

function cached(): string[] {
  return fs.readdirSync(path.join(home, '.cache/migbackup/native'));
}

describe.skipIf(process.platform !== 'linux')(
  'the binary with nothing beside it (tried on Linux only)',
  { timeout: 60_000 },
  () => {
    test('no PATH, a fresh HOME: creates, verifies, destroys, restores', async () => {
      const database = fs.existsSync(fixture) ? fixture : undefined;
      expect(await mainJob([binary], path.join(folder, 'project'), { env, database })).toEqual([]);
      expect(cached()).toHaveLength(1);
      expect(fs.readdirSync(folder).filter((name) => name.startsWith('migbackup-'))).toEqual([]);
    });

    test('no environment at all', () => {
      expect(loadAddon({ env: {} })).toEqual(LOADED);
    });

    test('a HOME that cannot be written: the addon goes to a temporary folder, which is gone afterwards', () => {
      const file = path.join(folder, 'file');
      fs.writeFileSync(file, '');
      expect(loadAddon({ env: { ...env, HOME: file } })).toEqual(LOADED);
      expect(fs.readdirSync(folder).filter((name) => name.startsWith('migbackup-'))).toEqual([]);
    });

    test.each(['', 'here', '.'])('with HOME=%o nothing is looked for or left in the working folder', (HOME) => {
      const cwd = path.join(folder, 'cwd');
      fs.mkdirSync(cwd);
      expect(loadAddon({ cwd, env: { TMPDIR: folder, HOME } })).toEqual(LOADED);
      expect(run(['list', '--json', '--root', folder], { cwd, env: { TMPDIR: folder, HOME } }).status).toBe(0);
      expect(fs.readdirSync(cwd)).toEqual([]);
    });

    test.skipIf(!isRoot).for(['ro', 'noexec'])(
      'a HOME mounted %s; and where nothing can be loaded it says so (as root)',
      (option, { skip }) => {
        try {
          execFileSync('mount', ['-t', 'tmpfs', '-o', option, 'tmpfs', home]);
        } catch (error) {
          skip(`it cannot be mounted: ${String(error)}`);
        }
        try {
          expect(loadAddon()).toEqual(LOADED);
          const nowhere = loadAddon({ env: { ...env, TMPDIR: home } });
          expect(nowhere.stdout).toMatch(/^unknown: .*(EROFS|failed to map)/);
        } finally {
          execFileSync('umount', [home]);
        }
      },
    );

    test.skipIf(!isRoot).each<[string, number, Record<string, string>]>([
      ['nobody, whose HOME does not exist', NOBODY, { HOME: '/nonexistent' }],
      ['a user without a name and a HOME', NAMELESS, {}],
      ['a user without a name, as Docker makes one', NAMELESS, { HOME: '/' }],
    ])('as %s (which only root can become)', async (_who, user, variables) => {
      const project = path.join(folder, 'project');
      await makeSampleProject(project);
      fs.chmodSync(temp.path, 0o755);
      fs.chmodSync(folder, 0o1777);
      execFileSync('chown', ['-R', `${user}`, project]);
      const options = { user, env: { TMPDIR: folder, ...variables } };
      // The binary lies where nobody can read it, like any program that is installed for all.
      const program = path.join(folder, 'migbackup');
      fs.copyFileSync(binary, program);
      for (const words of [['create'], ['verify', '--latest'], ['restore', '--latest', '--yes']]) {
        expect(run([...words, '--root', project], { ...options, program })).toMatchObject({ status: 0, stderr: '' });
      }
    });

    test('from a path with spaces and letters outside ASCII, into such a HOME', () => {
      const program = path.join(folder, 'mein Ordner ü 日本', 'mig backup');
      fs.mkdirSync(path.dirname(program));
      fs.copyFileSync(binary, program);
      const HOME = path.join(folder, 'zu Hause ß');
      expect(loadAddon({ program, env: { ...env, HOME } })).toEqual(LOADED);
      expect(run(['list', '--json', '--root', folder], { program }).stderr).toBe('');
    });

    test('eight at once on the first run, by one of them unpacked', async () => {
      const answers = Array.from({ length: 8 }, () => {
        const database = fs.mkdtempSync(path.join(folder, 'database-'));
        const child = spawn(binary, [LOCK_PROBE, database], { env, stdio: ['ignore', 'pipe', 'inherit'] });
        return new Promise<string>((resolve) => child.stdout.on('data', (text) => resolve(String(text))));
      });
      expect(await Promise.all(answers)).toEqual(Array.from({ length: 8 }, () => 'free\n'));
      expect(cached()).toHaveLength(1);
    });

    test('a damaged copy of the addon is replaced, not loaded', () => {
      loadAddon();
      const [name = ''] = cached();
      const copy = path.join(home, '.cache/migbackup/native', name);
      const size = fs.statSync(copy).size;
      fs.chmodSync(copy, 0o600);
      fs.writeFileSync(copy, Buffer.alloc(size));
      expect(loadAddon()).toEqual(LOADED);
      expect(fs.readFileSync(copy).equals(Buffer.alloc(size))).toBe(false);
    });
  },
);

describe('the binary obeys nobody but its command line', { timeout: 60_000 }, () => {
  /** Would leave a file behind if anything loaded it. */
  function trap(file: string): string {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, `require('node:fs').writeFileSync(${JSON.stringify(path.join(folder, 'trapped'))}, '')`);
    return file;
  }

  function everything(options: Run) {
    const commands = [['--version'], ['--help'], ['list', '--root', home], ['nonsense']];
    return [...commands.map((words) => run(words, options)), loadAddon(options)];
  }

  test('NODE_OPTIONS and NODE_PATH change nothing', () => {
    const plain = everything({});
    const required = trap(path.join(folder, 'required.cjs'));
    const NODE_OPTIONS = `--require ${required} --max-http-header-size=1 --inspect=0`;
    trap(path.join(folder, 'modules/classic-level/index.js'));
    const NODE_PATH = path.join(folder, 'modules');
    expect(everything({ env: { ...env, NODE_OPTIONS, NODE_PATH } })).toEqual(plain);
    expect(fs.existsSync(path.join(folder, 'trapped'))).toBe(false);
  });

  test('an oclif.manifest.json, package.json and node_modules beside it or where it runs change nothing', () => {
    const plain = everything({});
    const program = path.join(folder, 'planted', path.basename(binary));
    fs.mkdirSync(path.dirname(program));
    fs.copyFileSync(binary, program);
    const beside = path.dirname(program);
    for (const name of ['@oclif/core', '@oclif/plugin-help', 'classic-level', 'pino', 'zod', 'evil']) {
      trap(path.join(beside, 'node_modules', name, 'index.js'));
    }
    trap(path.join(beside, 'evil.js'));
    const evil = { id: 'evil', aliases: [], args: {}, flags: {}, hiddenAliases: [], pluginName: 'migbackup' };
    fs.writeFileSync(
      path.join(beside, 'oclif.manifest.json'),
      JSON.stringify({ version: '9.9.9', commands: { evil } }),
    );
    const engines = { node: '<1' };
    fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'above', engines }));
    const oclif = { plugins: ['evil'], commands: '.', hooks: { init: './evil.js' }, bin: 'evil' };
    fs.writeFileSync(
      path.join(beside, 'package.json'),
      JSON.stringify({ name: 'evil', version: '9.9.9', engines, oclif }),
    );
    fs.writeFileSync(path.join(beside, '.migbackuprc.json'), JSON.stringify({ theme: 'evil' }));
    expect(everything({ program, cwd: beside })).toEqual(plain);
    expect(fs.existsSync(path.join(folder, 'trapped'))).toBe(false);
  });
});
