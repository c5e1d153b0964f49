import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleForBinary } from '../bundle.ts';
import { removeAuthenticode } from './authenticode.ts';
import { stripElf } from './elf.ts';
import { unpackRuntime, type Runtime } from './runtime.ts';
import { signAdHoc, signatureFaults } from './sign-mach-o.ts';
import { builders, hostTarget, root, type Target } from './targets.ts';

const SENTINEL = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
/** Where Debian keeps the arm64 libraries that qemu's Node needs. */
const ARM64_LIBRARIES = '/usr/aarch64-linux-gnu';

const releaseFolder = path.join(root, 'release');
const workFolder = path.join(releaseFolder, '.work');

export interface Binary {
  readonly target: Target;
  readonly file: string;
  /** Compiled code is inside: it starts faster, and its bytes differ from build to build. */
  readonly codeCache: boolean;
  /** Folders of the packages in it, for their licences. */
  readonly packages: readonly string[];
}

function run(program: string, args: readonly string[], cwd = root): void {
  // postject warns about sections that it does not know in every Node, so its output is shown only if something fails.
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status === 0) return;
  throw new Error(`${path.basename(program)} ${args.join(' ')} failed\n${stdout}${stderr}`, { cause: error });
}

/** The command that runs the target's own Node here, if any: V8 accepts compiled code only from the same V8. */
function ownNode({ name }: Target, { executable }: Runtime): string[] | undefined {
  if (name === hostTarget()?.name) return [executable];
  const emulated = name === 'linux-arm64' && hostTarget()?.name === 'linux-x64';
  if (!emulated || !existsSync(ARM64_LIBRARIES)) return undefined;
  const qemu = ['qemu-aarch64', 'qemu-aarch64-static'].find(
    (program) => spawnSync(program, ['--version']).error === undefined,
  );
  return qemu === undefined ? undefined : [qemu, '-L', ARM64_LIBRARIES, executable];
}

/** A Node of the target's version that runs here: the target's Node can read what it prepares. */
async function sameVersion({ name, runtime }: Target): Promise<string[]> {
  const builder = builders.find(({ version }) => version === runtime.version);
  if (hostTarget()?.name !== 'linux-x64' || builder === undefined) {
    throw new Error(`a binary for ${name} can be built on ${name} and on linux-x64`);
  }
  return [(await unpackRuntime(builder, workFolder)).executable];
}

/** The target's Node without what injecting would break and what nobody needs. */
function bareNode({ format }: Target, executable: Buffer): Buffer {
  if (format === 'elf') return stripElf(executable);
  return format === 'pe' ? removeAuthenticode(executable) : executable;
}

async function prepareBlob(target: Target, runtime: Runtime, script: string, codeCache: boolean) {
  const own = codeCache ? ownNode(target, runtime) : undefined;
  const [program = '', ...leading] = own ?? (await sameVersion(target));
  const settings = path.join(workFolder, `${target.name}.json`);
  const blob = path.join(workFolder, `${target.name}.blob`);
  const config = {
    // The path is relative, because the binary contains it and must not depend on where the checkout is.
    main: path.relative(workFolder, script),
    output: blob,
    disableExperimentalSEAWarning: true,
    useCodeCache: own !== undefined,
    // NODE_OPTIONS from outside must not change how a program runs that restores state.
    execArgvExtension: 'none',
    assets: { 'classic_level.node': target.addon },
  };
  writeFileSync(settings, JSON.stringify(config));
  run(program, [...leading, '--experimental-sea-config', settings], workFolder);
  return { blob, codeCache: own !== undefined };
}

/**
 * Makes `release/migbackup-<target>` from the pinned Node of that platform (a Node "single executable application"). The binary
 * has a code cache only if that is asked for and the target's own Node runs on this machine.
 */
export async function buildBinary(target: Target, wanted: { codeCache: boolean }): Promise<Binary> {
  mkdirSync(workFolder, { recursive: true });
  const script = path.join(workFolder, 'migbackup.cjs');
  const packages = await bundleForBinary(script);
  const runtime = await unpackRuntime(target.runtime, workFolder);
  const { blob, codeCache } = await prepareBlob(target, runtime, script, wanted.codeCache);

  // The binary is made beside its place and then renamed, so that nobody ever runs half of one.
  const suffix = target.format === 'pe' ? '.exe' : '';
  const unfinished = path.join(workFolder, `migbackup-${target.name}${suffix}`);
  writeFileSync(unfinished, bareNode(target, readFileSync(runtime.executable)));
  const postject = path.join(root, 'node_modules/postject/dist/cli.js');
  const segment = target.format === 'mach-o' ? ['--macho-segment-name', 'NODE_SEA'] : [];
  run(process.execPath, [postject, unfinished, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', SENTINEL, ...segment]);
  if (target.format === 'mach-o') {
    const signed = signAdHoc(readFileSync(unfinished), 'migbackup');
    const faults = signatureFaults(signed);
    if (faults.length > 0) throw new Error(`the signature of ${target.name} is broken: ${faults.join('; ')}`);
    writeFileSync(unfinished, signed);
  }
  chmodSync(unfinished, 0o755);
  const file = path.join(releaseFolder, path.basename(unfinished));
  rmSync(file, { force: true });
  renameSync(unfinished, file);
  return { target, file, codeCache, packages: [...packages, runtime.folder] };
}

/** Removes what was needed only for building. */
export function removeWork(): void {
  rmSync(workFolder, { recursive: true, force: true });
}
