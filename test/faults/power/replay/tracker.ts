import fs from 'node:fs';
import path from 'node:path';
import { Disk, UNSET_NS, type Change, type Node } from './disk.ts';

interface OpenFile {
  readonly node: number;
  position: number;
}

export type Args = readonly unknown[];

/** Where a name is, or is to be: a folder's node and the name in it. */
interface Place {
  readonly dir: number;
  readonly name: string;
}

/** Follows what is done below one folder: which inode each path and descriptor means, and so what each call changes. */
export class Tracker {
  readonly root: string;
  /** As it is now. */
  readonly disk: Disk;
  /** As it was, with the inodes that were made since, which nothing names yet. */
  readonly base: Disk;
  readonly files = new Map<number, OpenFile>();
  readonly #onChange: (change: Change, label: string) => void;

  constructor(root: string, onChange: (change: Change, label: string) => void) {
    this.root = root;
    this.base = Disk.load(root);
    this.disk = this.base.copy();
    this.#onChange = onChange;
  }

  change(change: Change, label: string): void {
    this.disk.apply(change);
    this.#onChange(change, label);
  }

  pathOf(wanted: number, number = 0, relative = '.'): string | undefined {
    if (number === wanted) return relative;
    const node = this.disk.nodes.get(number);
    if (node?.type !== 'dir') return undefined;
    for (const [name, child] of node.names) {
      const found = this.pathOf(wanted, child, relative === '.' ? name : `${relative}/${name}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The path below the root, or null for what lies elsewhere. */
  relative(file: unknown): string | null {
    const relative = path.relative(this.root, path.resolve(Buffer.isBuffer(file) ? file.toString() : String(file)));
    return relative.startsWith('..') ? null : relative;
  }

  /** Which folder a path is in, and its name there; null where that is none that is recorded. */
  place(file: unknown): Place | null {
    const relative = this.relative(file);
    if (relative === null || relative === '') return null;
    const dir = this.disk.find(path.dirname(relative));
    return dir === undefined ? null : { dir, name: path.basename(relative) };
  }

  born(place: Place, node: Node): number {
    this.base.add(node);
    const number = this.disk.add(node);
    this.change({ type: 'link', ...place, node: number }, `make ${this.pathOf(place.dir)}/${place.name}`);
    return number;
  }

  bornFile(place: Place, native: string): number {
    return this.born(place, { type: 'file', ...bornAs(native), data: Buffer.alloc(0) });
  }

  opened([file, flags]: Args, fd: unknown): void {
    const place = this.place(file);
    const relative = this.relative(file);
    if (relative === null || relative.endsWith('lock.db')) return;
    let node = this.disk.find(relative);
    if (node === undefined) {
      if (place === null) return;
      node = this.bornFile(place, String(file));
    } else if ((flags === 'w' || has(flags, fs.constants.O_TRUNC)) && this.disk.nodes.get(node)?.type === 'file') {
      this.change({ type: 'truncate', node, size: 0 }, `truncate ${relative}`);
    }
    const opened = this.disk.nodes.get(node);
    const atEnd = String(flags).startsWith('a') || has(flags, fs.constants.O_APPEND);
    this.files.set(Number(fd), { node, position: atEnd && opened?.type === 'file' ? opened.data.length : 0 });
  }

  /** Text is written at the position that comes after it, bytes at the one that comes after offset and length. */
  wrote([fd, content, ...rest]: Args, length: number): void {
    const file = this.files.get(Number(fd));
    if (file === undefined) return;
    const isText = typeof content === 'string';
    if (!isText && !(content instanceof Uint8Array)) throw new Error('only bytes and text are recorded');
    const bytes = isText ? Buffer.from(content) : content;
    const start = isText ? 0 : Number(rest[0] ?? 0);
    const position = rest[isText ? 0 : 2];
    const at = typeof position === 'number' ? position : file.position;
    const all = Buffer.from(bytes.subarray(start, start + length));
    // Torn in the middle: each half may reach the disk without the other.
    const half = Math.ceil(length / 2);
    const label = `write ${this.pathOf(file.node)}`;
    this.change({ type: 'write', node: file.node, at, bytes: all.subarray(0, half) }, label);
    if (length > half) this.change({ type: 'write', node: file.node, at: at + half, bytes: all.subarray(half) }, label);
    if (typeof position !== 'number') file.position += length;
  }

  made(dir: unknown): void {
    const relative = this.relative(dir);
    if (relative === null) return;
    let above = '';
    for (const name of relative.split('/')) {
      const child = path.join(above, name);
      const place = this.place(path.join(this.root, child));
      if (place !== null && this.disk.find(child) === undefined) {
        this.born(place, { type: 'dir', ...bornAs(path.join(this.root, child)), names: new Map() });
      }
      above = child;
    }
  }

  /** What is not known was made by SQLite or LevelDB in a scratch folder. */
  removed(file: unknown): void {
    const place = this.place(file);
    const node = this.disk.find(this.relative(file) ?? '');
    if (place === null || node === undefined) return;
    this.change({ type: 'unlink', ...place, node }, `remove ${this.relative(file)}`);
  }

  onFile(fd: unknown, make: (node: number) => Change | null): void {
    const file = this.files.get(Number(fd));
    const change = file === undefined ? null : make(file.node);
    if (change !== null) this.change(change, `${change.type} ${this.pathOf(change.node)}`);
  }

  onPath(file: unknown, make: (node: number, native: string) => Change | null): void {
    const relative = this.relative(file);
    const node = relative === null ? undefined : this.disk.find(relative);
    const change = node === undefined ? null : make(node, String(file));
    if (change !== null) this.change(change, `${change.type} ${relative}`);
  }
}

const has = (flags: unknown, flag: number): boolean => typeof flags === 'number' && (flags & flag) !== 0;

/** The number and mode that a new file or folder was given. */
function bornAs(native: string): { readonly ino: bigint; mode: number; mtimeNs: bigint } {
  const { ino, mode } = fs.lstatSync(native, { bigint: true });
  return { ino, mode: Number(mode & 0o7777n), mtimeNs: UNSET_NS };
}
