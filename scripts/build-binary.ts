/** release/migbackup-linux-x64: one executable that needs no Node (a Node "single executable application"). */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const release = path.join(root, 'release');
const SENTINEL = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

function run(program: string, args: string[]): void {
  // postject warns about sections it does not know in every Node there is: shown only when something fails.
  const { status, stderr, error } = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
  if (status === 0) return;
  process.stderr.write(stderr ?? '');
  throw new Error(`${path.basename(program)} ${args.join(' ')} failed`, { cause: error });
}

/** The licences of everything that is inside the executable: it is handed on without node_modules. */
function licenseTexts(packages: readonly string[]): string {
  const texts = packages.map((folder) => {
    const files = readdirSync(folder).filter((name) => /^licen[cs]e/i.test(name));
    return [`== ${path.basename(folder)}`, ...files.map((name) => readFileSync(path.join(folder, name), 'utf8'))].join(
      '\n\n',
    );
  });
  return texts.join('\n\n');
}

async function buildBinary(): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('the code cache has to be made by the platform it is for: build this binary on linux-x64');
  }
  mkdirSync(release, { recursive: true });
  const work = path.join(release, '.work');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  const script = path.join(work, 'migbackup.cjs');
  const blob = path.join(work, 'migbackup.blob');
  const packages = await bundle(script);

  const config = path.join(work, 'sea.json');
  const addon = path.join(root, 'node_modules/classic-level/prebuilds/linux-x64/classic-level.node');
  const settings = {
    main: script,
    output: blob,
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    // NODE_OPTIONS from outside must not get a say in a program that restores state.
    execArgvExtension: 'none',
    assets: { 'classic_level.node': addon },
  };
  writeFileSync(config, JSON.stringify(settings));
  run(process.execPath, ['--experimental-sea-config', config]);

  // Injected beside the goal and renamed: nobody ever runs half a binary.
  const unfinished = path.join(work, 'migbackup');
  const binary = path.join(release, 'migbackup-linux-x64');
  copyFileSync(process.execPath, unfinished);
  chmodSync(unfinished, 0o755);
  const postject = path.join(root, 'node_modules/postject/dist/cli.js');
  run(process.execPath, [postject, unfinished, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', SENTINEL]);
  rmSync(binary, { force: true });
  renameSync(unfinished, binary);
  writeFileSync(`${binary}.licenses.txt`, licenseTexts([...packages, path.dirname(path.dirname(process.execPath))]));
  rmSync(work, { recursive: true, force: true });
  return binary;
}

const binary = await buildBinary();
console.log(`${path.relative(root, binary)}  ${(statSync(binary).size / 1024 / 1024).toFixed(1)} MiB`);
