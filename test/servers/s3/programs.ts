/**
 * The programs of a Ceph gateway, and age, from Debian's packages: fetched by apt from the mirror that this machine uses itself, checked by it against the
 * archive's signatures, and unpacked in the cache of whoever runs the tests. Nothing is installed, and nothing needs root. The packages bring their
 * own C library and are run by its loader, so the suite of the machine does not matter.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** The suite with Ceph 20, the first that keeps checksums and the locks of multipart uploads. */
const SUITE = 'forky';
const PACKAGES = ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph-base', 'age'];
/** Of all that these depend on, only shared libraries are run; by Debian's policy their packages are called lib and something. */
const WANTED = /^(lib(?!python|perl)|ceph-|radosgw|age$)/;

const PLATFORMS: Partial<Record<NodeJS.Architecture, { debian: string; libraries: string; loader: string }>> = {
  x64: { debian: 'amd64', libraries: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { debian: 'arm64', libraries: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
};

/** Why this machine cannot run the server. Everything else that fails is an error. */
export class CannotRun extends Error {}

export interface Programs {
  /** Where shared libraries are; Ceph's plugins are below it. */
  readonly libraries: string;
  /** The command line of one of Ceph's programs. */
  command(program: string, ...args: readonly string[]): [string, ...string[]];
  /** A folder that has age, age-keygen and two plugins, for PATH. */
  readonly age: string;
}

/** Brings the programs, which takes half a minute and 121 MB the first time. @throws CannotRun */
export function bringPrograms(say: (line: string) => void): Programs {
  const platform = process.platform === 'linux' ? PLATFORMS[process.arch] : undefined;
  if (platform === undefined) throw new CannotRun('it needs Debian on amd64 or arm64');
  const cache = path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'migbackup-tests');
  const root = path.join(cache, `ceph-age-${SUITE}-${platform.debian}`);
  if (!existsSync(root)) {
    mkdirSync(cache, { recursive: true });
    const work = mkdtempSync(path.join(cache, '.fetching-'));
    try {
      fetchPackages(work, platform.debian, say);
      unpack(work);
      wrapAge(path.join(work, 'root'), root, `usr/lib/${platform.libraries}`, platform.loader);
      // Another run may have been faster: its programs are the same.
      if (!existsSync(root)) renameSync(path.join(work, 'root'), root);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  const libraries = path.join(root, 'usr/lib', platform.libraries);
  return {
    age: path.join(root, 'age'),
    libraries,
    command: (program, ...args) => [
      path.join(libraries, platform.loader),
      '--library-path',
      `${libraries}:${libraries}/ceph`,
      path.join(root, 'usr/bin', program),
      ...args,
    ],
  };
}

/** age and two of its plugins as programs of one word, with the C library that it comes with. @param at where all of it will be */
function wrapAge(root: string, at: string, libraries: string, loader: string): void {
  mkdirSync(path.join(root, 'age'));
  for (const name of ['age', 'age-keygen', 'age-plugin-batchpass', 'age-plugin-pq']) {
    const from = `${at}/${libraries}`;
    const line = `exec "${from}/${loader}" --library-path "${from}" "${at}/usr/bin/${name}" "$@"`;
    writeFileSync(path.join(root, 'age', name), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  }
}

function run(program: string, args: readonly string[], cwd?: string): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
    ...(cwd !== undefined && { cwd }),
  });
}

/** The source of packages that this machine's apt has for Debian, with the suite in place of its own. */
function sourceLine(): string {
  let targets: string;
  try {
    targets = run('apt-get', ['indextargets', '--format', '$(REPO_URI) $(SIGNED_BY)', 'Identifier: Packages']);
    run('dpkg-deb', ['--version']);
  } catch {
    throw new CannotRun('it needs apt and dpkg');
  }
  const [uri, keys = ''] =
    targets
      .split('\n')
      .map((line) => line.split(' '))
      .find(([at = '']) => /\/debian\/?$/.test(at)) ?? [];
  if (uri === undefined) throw new CannotRun("apt's list of sources has no mirror of Debian");
  return `deb ${keys.startsWith('/') ? `[signed-by=${keys}] ` : ''}${uri} ${SUITE} main\n`;
}

/** apt with lists, state and sources of its own; proxies, credentials and keys are the machine's. */
function fetchPackages(work: string, architecture: string, say: (line: string) => void): void {
  const source = sourceLine();
  for (const folder of ['lists/partial', 'cache/archives/partial', 'debs'])
    mkdirSync(path.join(work, folder), { recursive: true });
  for (const [name, content] of [
    ['status', ''],
    ['sources.list', source],
  ] as const)
    writeFileSync(path.join(work, name), content);
  const config = path.join(work, 'apt.conf');
  const settings = {
    'Dir::State': work,
    'Dir::State::status': `${work}/status`,
    'Dir::Cache': `${work}/cache`,
    'Dir::Etc::sourcelist': `${work}/sources.list`,
    'Dir::Etc::sourceparts': '-',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '-',
    'APT::Architecture': architecture,
    'APT::Install-Recommends': 'false',
    // As root apt would fetch as a user who cannot reach this folder.
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
  };
  writeFileSync(
    config,
    [
      ...Object.entries(settings).map(([key, value]) => `${key} "${value}";`),
      // What else this machine does after its own updates.
      '#clear APT::Update;',
      '#clear APT::Architectures;',
      '',
    ].join('\n'),
  );
  const apt = (...args: string[]): string => run('apt-get', ['-c', config, '-q', ...args], path.join(work, 'debs'));
  try {
    say(`reading the list of packages of Debian ${SUITE}`);
    apt('update');
    const chosen = [...apt('--simulate', 'install', ...PACKAGES).matchAll(/^Inst (\S+) \((\S+) /gm)]
      .filter(([, name = '']) => WANTED.test(name))
      .map(([, name, version]) => `${name}=${version}`);
    say(`fetching ${chosen.length} packages (121 MB)`);
    apt('download', ...chosen);
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    throw new CannotRun(
      `apt cannot fetch Ceph: ${said.split('\n').find((line) => /^[EW]:/.test(line)) ?? said.trim()}`,
    );
  }
}

function unpack(work: string): void {
  const root = path.join(work, 'root');
  // Packages bring lib64 and usr/lib64, which are one place.
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(path.join(root, 'usr', name), { recursive: true });
    symlinkSync(`usr/${name}`, path.join(root, name));
  }
  for (const name of readdirSync(path.join(work, 'debs'))) {
    const tar = execFileSync('dpkg-deb', ['--fsys-tarfile', path.join(work, 'debs', name)], { maxBuffer: 1 << 30 });
    execFileSync(
      'tar',
      [
        '-x',
        '-C',
        root,
        '--keep-directory-symlink',
        '--no-same-owner',
        '--exclude=./usr/share',
        '--exclude=./etc',
        '--exclude=./var',
      ],
      { input: tar },
    );
  }
}
