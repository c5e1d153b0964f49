/** The four workloads: folders of made-up state, the same bytes on every machine. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';

export type Size = 'S' | 'M' | 'L' | 'XL';

export interface Workload {
  /** The project; what is in `folders` is backed up, there is nothing else. */
  readonly root: string;
  readonly folders: readonly string[];
  readonly files: number;
  readonly about: string;
}

const MIB = 1 << 20;

/** Makes a workload in `root`. `files` is for XL alone. */
export async function makeWorkload(size: Size, root: string, files = 1_000_000): Promise<Workload> {
  if (size === 'S') return makeSmall(root);
  if (size === 'M') return makeRecords(root, 100_000, 'cost per file: 100,000 deployment records, 6 KiB at most');
  if (size === 'L') return makeLarge(root);
  return makeTiny(root, files);
}

async function makeSmall(root: string): Promise<Workload> {
  const { files } = makeRecords(root, 436, '', 30_000);
  const database = new ClassicLevel(path.join(root, 'leveldb'));
  await database.open();
  for (let at = 0; at < 2000; at++) await database.put(`deployment:${at}`, record(at, 200));
  await database.close();
  const stored = files + fs.readdirSync(path.join(root, 'leveldb')).length;
  return {
    root,
    folders: ['deployments', 'leveldb'],
    files: stored,
    about: 'start-up: a project of 436 records, 7 MB, and a LevelDB',
  };
}

function makeRecords(root: string, files: number, about: string, abiBytes = 6000): Workload {
  for (let at = 0; at < files; at++) {
    const folder = path.join(root, 'deployments', `net-${at % 100}`);
    if (at < 100) fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, `${at}.json`), record(at, (at * 37) % abiBytes));
  }
  return { root, folders: ['deployments'], files, about };
}

function record(at: number, abiBytes: number): string {
  const abi: string[] = [];
  for (let bytes = 0, state = at; bytes < abiBytes; bytes += 40) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    abi.push(`${state.toString(16)}-transfer(address,uint256)`);
  }
  return JSON.stringify({ address: `0x${at.toString(16).padStart(40, '0')}`, args: [at, at * 7], abi }, null, 2);
}

function makeLarge(root: string): Workload {
  const folder = path.join(root, 'deployments');
  fs.mkdirSync(folder, { recursive: true });
  const block = Buffer.alloc(MIB);
  for (let file = 0; file < 64; file++) {
    const fd = fs.openSync(path.join(folder, `${file}.bin`), 'wx');
    for (let part = 0; part < 32; part++) {
      // Half of every block is noise, half repeats.
      for (let at = 0; at < MIB; at += 64) {
        const noise = createHash('sha256').update(`${file}/${part}/${at}`).digest();
        noise.copy(block, at);
        block.fill(part, at + 32, at + 64);
      }
      fs.writeSync(fd, block);
    }
    fs.closeSync(fd);
  }
  return { root, folders: ['deployments'], files: 64, about: 'bandwidth: 2 GiB in 64 half-compressible files' };
}

function makeTiny(root: string, files: number): Workload {
  for (let at = 0; at < files; at++) {
    const folder = path.join(root, 'deployments', `f-${Math.floor(at / 1000)}`);
    if (at % 1000 === 0) fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, `${at}`), String(at));
  }
  return { root, folders: ['deployments'], files, about: `memory: ${files} files of a few bytes` };
}
