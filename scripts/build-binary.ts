/** release/migbackup-linux-x64: one executable that needs no Node (a Node "single executable application"). */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const release = path.join(root, 'release');
const SENTINEL = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

function run(program: string, args: string[]): void {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`${path.basename(program)} ${args.join(' ')} failed`, { cause: error });
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
  await bundle(script);

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
  copyFileSync(`${script}.LEGAL.txt`, `${binary}.licenses.txt`);
  rmSync(work, { recursive: true, force: true });
  return binary;
}

const binary = await buildBinary();
console.log(`${path.relative(root, binary)}  ${(statSync(binary).size / 1024 / 1024).toFixed(1)} MiB`);
