import fs from 'node:fs';
import type { Args, Tracker } from './tracker.ts';

type Handler = (track: Tracker, args: Args, result: unknown) => void;

/** What changes a disk and what is made of it. Everything else that could change one is refused while recording. */
export const HANDLERS: Readonly<Record<string, Handler>> = {
  openSync(track, args, result) {
    track.opened(args, result);
  },
  closeSync(track, [fd]) {
    track.files.delete(Number(fd));
  },
  writeSync(track, args, result) {
    track.wrote(args, Number(result));
  },
  ftruncateSync(track, [fd, size]) {
    track.onFile(fd, (node) => ({ type: 'truncate', node, size: Number(size ?? 0) }));
  },
  fchmodSync(track, [fd, mode]) {
    track.onFile(fd, (node) => ({ type: 'mode', node, mode: Number(mode) }));
  },
  futimesSync(track, [fd]) {
    track.onFile(fd, (node) => ({ type: 'time', node, mtimeNs: fs.fstatSync(Number(fd), { bigint: true }).mtimeNs }));
  },
  chmodSync(track, [file, mode]) {
    track.onPath(file, (node) => ({ type: 'mode', node, mode: Number(mode) }));
  },
  utimesSync(track, [file]) {
    track.onPath(file, (node, native) => {
      return { type: 'time', node, mtimeNs: fs.statSync(native, { bigint: true }).mtimeNs };
    });
  },
  mkdirSync(track, [dir]) {
    track.made(dir);
  },
  symlinkSync(track, [target, file]) {
    const made = track.place(file);
    if (made !== null) track.born(made, { type: 'symlink', ino: null, target: String(target) });
  },
  linkSync(track, [from, to]) {
    track.onPath(from, (node) => {
      const place = track.place(to);
      return place === null ? null : { type: 'link', ...place, node };
    });
  },
  unlinkSync(track, [file]) {
    track.removed(file);
  },
  rmdirSync(track, [dir]) {
    track.removed(dir);
  },
  rmSync(track, [file]) {
    track.removed(file);
  },
  renameSync(track, [from, to]) {
    const [old, made] = [track.place(from), track.place(to)];
    const node = old === null ? undefined : track.disk.find(track.relative(from) ?? '');
    if (old === null || made === null || node === undefined) return;
    const label = `rename ${track.relative(from)} -> ${track.relative(to)}`;
    const names = { from: old.dir, fromName: old.name, to: made.dir, toName: made.name };
    track.change({ type: 'rename', ...names, node }, label);
  },
  writeFileSync(track, [file, content]) {
    const place = track.place(file);
    if (place === null) return;
    const node = track.disk.find(track.relative(file) ?? '');
    if (node === undefined) track.bornFile(place, String(file));
    else track.change({ type: 'truncate', node, size: 0 }, `truncate ${track.relative(file)}`);
    const bytes = Buffer.from(String(content));
    track.onPath(file, (written) => (bytes.length === 0 ? null : { type: 'write', node: written, at: 0, bytes }));
  },
  // Owners are not compared, and a link's own time neither: nothing but a sync of everything could keep it.
  fchownSync() {},
  lchownSync() {},
  lutimesSync() {},
};

/** Writes that nothing here records: the product must not use them where this looks, or the harness would be blind to them. */
export const UNKNOWN = [
  'appendFileSync',
  'chownSync',
  'copyFileSync',
  'cpSync',
  'lchmodSync',
  'truncateSync',
  'writevSync',
];
