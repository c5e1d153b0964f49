import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { utimesTime } from '../../../../src/core/fs/clock.ts';

/** What an inode holds. `ino` is its number on the disk that was recorded, null where nobody asks for it. */
export type Node =
  | { readonly type: 'file'; ino: bigint | null; mode: number; mtimeNs: bigint; data: Buffer }
  | { readonly type: 'dir'; ino: bigint | null; mode: number; mtimeNs: bigint; names: Map<string, number> }
  | { readonly type: 'symlink'; ino: bigint | null; readonly target: string };

/** One change of one inode or of the names in folders. Numbers are those of nodes. */
export type Change =
  | { readonly type: 'link'; readonly dir: number; readonly name: string; readonly node: number }
  | { readonly type: 'unlink'; readonly dir: number; readonly name: string; readonly node: number }
  | {
      readonly type: 'rename';
      readonly from: number;
      readonly fromName: string;
      readonly to: number;
      readonly toName: string;
      readonly node: number;
    }
  | { readonly type: 'write'; readonly node: number; readonly at: number; readonly bytes: Buffer }
  | { readonly type: 'truncate'; readonly node: number; readonly size: number }
  | { readonly type: 'mode'; readonly node: number; readonly mode: number }
  | { readonly type: 'time'; readonly node: number; readonly mtimeNs: bigint };

/** The time of whatever was changed and given no time since: 2027, which no test file has. */
export const UNSET_NS = 1_800_000_000_000_000_000n;

/** SQLite makes these by itself; who holds the lock is no state of the disk. */
const NOT_OURS = new Set(['lock.db', 'lock.db-journal']);

interface Materialised {
  /** Which number each new inode has in place of which old one. */
  readonly numbers: Map<bigint, bigint>;
  /** Where each node was made first: its other names are links to that. */
  readonly made: Map<number, string>;
}

/** A tree of inodes in memory, as they are on a disk. Node 0 is its root. */
export class Disk {
  readonly nodes: Map<number, Node>;

  constructor(nodes: Map<number, Node> = new Map()) {
    this.nodes = nodes;
  }

  /** Reads a real folder. */
  static load(folder: string): Disk {
    const disk = new Disk();
    disk.#load(folder, new Map());
    return disk;
  }

  /** @param known nodes of inodes that have a name already: a file may have several */
  #load(file: string, known: Map<bigint, number>): number {
    const { ino, mode, mtimeNs, ...stat } = { ...fs.lstatSync(file, { bigint: true }), ...typeOf(file) };
    const there = known.get(ino);
    if (there !== undefined) return there;
    const number = this.nodes.size;
    known.set(ino, number);
    const common = { ino, mode: Number(mode & 0o7777n), mtimeNs };
    if (stat.type === 'dir') {
      const names = new Map<string, number>();
      this.nodes.set(number, { type: 'dir', ...common, names });
      for (const name of fs.readdirSync(file).toSorted())
        if (!NOT_OURS.has(name)) names.set(name, this.#load(path.join(file, name), known));
    } else if (stat.type === 'symlink') this.nodes.set(number, { type: 'symlink', ino, target: fs.readlinkSync(file) });
    else this.nodes.set(number, { type: 'file', ...common, data: fs.readFileSync(file) });
    return number;
  }

  /** Adds an inode that no folder names yet. */
  add(node: Node): number {
    this.nodes.set(this.nodes.size, copyNode(node));
    return this.nodes.size - 1;
  }

  copy(): Disk {
    return new Disk(new Map([...this.nodes].map(([number, node]) => [number, copyNode(node)])));
  }

  /** The node at a path relative to the root. */
  find(relative: string): number | undefined {
    let at: number | undefined = 0;
    for (const name of relative.split('/').filter((part) => part !== '' && part !== '.'))
      at = at === undefined ? undefined : this.#namesOf(at)?.get(name);
    return at;
  }

  #namesOf(number: number): Map<string, number> | undefined {
    const node = this.nodes.get(number);
    return node?.type === 'dir' ? node.names : undefined;
  }

  /** Does one change. What it rests on may be missing, where a crash has dropped that: then as much of it happens as still makes sense. */
  apply(change: Change): void {
    if (change.type === 'link') this.#name(change.dir, change.name, change.node);
    else if (change.type === 'unlink') this.#unname(change.dir, change.name, change.node);
    else if (change.type === 'rename') {
      // One inode never has two names because of a rename, also where an earlier one was dropped.
      if (!this.#unname(change.from, change.fromName, change.node)) this.#unnameAnywhere(change.node);
      this.#name(change.to, change.toName, change.node);
    } else {
      const node = this.nodes.get(change.node);
      if (node === undefined || node.type === 'symlink') return;
      if (change.type === 'mode') node.mode = change.mode;
      else if (change.type === 'time') node.mtimeNs = change.mtimeNs;
      else if (node.type === 'file') {
        node.data = change.type === 'write' ? written(node.data, change) : resized(node.data, change.size);
        node.mtimeNs = UNSET_NS;
      }
    }
  }

  #name(dir: number, name: string, number: number): void {
    this.#namesOf(dir)?.set(name, number);
    this.#touch(dir);
  }

  #unname(dir: number, name: string, number: number): boolean {
    if (this.#namesOf(dir)?.get(name) !== number) return false;
    this.#touch(dir);
    return this.#namesOf(dir)?.delete(name) === true;
  }

  #unnameAnywhere(number: number): void {
    for (const [dir, node] of this.nodes)
      if (node.type === 'dir') for (const name of node.names.keys()) if (this.#unname(dir, name, number)) return;
  }

  #touch(dir: number): void {
    const node = this.nodes.get(dir);
    if (node?.type === 'dir') node.mtimeNs = UNSET_NS;
  }

  /** Makes all of it real in `folder`, which must not exist, and returns which number each new inode has in place of which old one. */
  materialise(folder: string): Map<bigint, bigint> {
    const numbers = new Map<bigint, bigint>();
    this.#materialise(0, folder, { numbers, made: new Map() });
    return numbers;
  }

  #materialise(number: number, file: string, all: Materialised): void {
    const node = this.nodes.get(number);
    if (node === undefined) return;
    const made = all.made.get(number);
    if (made !== undefined) {
      fs.linkSync(made, file);
      return;
    }
    all.made.set(number, file);
    if (node.type === 'symlink') fs.symlinkSync(node.target, file);
    else if (node.type === 'file') fs.writeFileSync(file, node.data);
    else {
      fs.mkdirSync(file);
      for (const [name, child] of node.names) this.#materialise(child, path.join(file, name), all);
    }
    if (node.type !== 'symlink') {
      const time = utimesTime(node.mtimeNs);
      fs.utimesSync(file, time, time);
      fs.chmodSync(file, node.mode);
    }
    if (node.ino !== null) all.numbers.set(fs.lstatSync(file, { bigint: true }).ino, node.ino);
  }

  /** The same for disks that hold the same, whatever was dropped on the way there. */
  digest(): string {
    const hash = createHash('sha1');
    for (const line of this.lines()) hash.update(`${line}\0`);
    return hash.digest('base64');
  }

  /** Everything that can be reached from the root, a line each, in order of its path. */
  lines(number = 0, relative = '.'): string[] {
    const node = this.nodes.get(number);
    if (node === undefined) return [];
    if (node.type === 'symlink') return [`${relative} -> ${node.target}`];
    const head = `${relative} ${node.mode.toString(8)} ${node.mtimeNs}`;
    if (node.type === 'file') return [`${head} ${createHash('sha1').update(node.data).digest('base64')}`];
    const names = [...node.names].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return [head, ...names.flatMap(([name, child]) => this.lines(child, `${relative}/${name}`))];
  }
}

function typeOf(file: string): { readonly type: Node['type'] } {
  const stat = fs.lstatSync(file);
  if (stat.isDirectory()) return { type: 'dir' };
  return { type: stat.isSymbolicLink() ? 'symlink' : 'file' };
}

function copyNode(node: Node): Node {
  return node.type === 'dir' ? { ...node, names: new Map(node.names) } : { ...node };
}

function written(data: Buffer, { at, bytes }: { at: number; bytes: Buffer }): Buffer {
  const all = resized(data, Math.max(data.length, at + bytes.length));
  bytes.copy(all, at);
  return all;
}

/** A new buffer of this size; what the old one did not hold is zeros, as in a file with a hole. */
function resized(data: Buffer, size: number): Buffer {
  const all = Buffer.alloc(size);
  data.copy(all);
  return all;
}
