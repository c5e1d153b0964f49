import { Disk, UNSET_NS, type Node } from './disk.ts';
import type { Tracker } from './tracker.ts';

/** utimes takes a double. */
const SLACK_NS = 1_000_000n;

/** Where the disk is not what the recorded steps make of it, a path each: something was done that was not recorded. */
export function compareWithReal({ disk, root }: Pick<Tracker, 'disk' | 'root'>): string[] {
  return compare(disk, Disk.load(root), 0, 0, '.');
}

function compare(a: Disk, b: Disk, inA: number | undefined, inB: number | undefined, where: string): string[] {
  const model = inA === undefined ? undefined : a.nodes.get(inA);
  const real = inB === undefined ? undefined : b.nodes.get(inB);
  if (model === undefined) return [`${where} was made`];
  if (real === undefined) return [`${where} was removed`];
  const own = same(model, real) ? [] : [`${where} was changed`];
  if (model.type !== 'dir' || real.type !== 'dir') return own;
  const names = new Set([...model.names.keys(), ...real.names.keys()]);
  // Made by the process that holds the locks, which is not recorded: nothing in it, and the folder has its time again.
  names.delete('LOCK');
  return [
    ...own,
    ...[...names].flatMap((name) => compare(a, b, model.names.get(name), real.names.get(name), `${where}/${name}`)),
  ];
}

function same(model: Node, real: Node): boolean {
  if (model.type === 'symlink' || real.type === 'symlink')
    return model.type === 'symlink' && real.type === 'symlink' && model.target === real.target;
  const late = model.mtimeNs - real.mtimeNs;
  const timely = model.mtimeNs === UNSET_NS || (late < SLACK_NS && late > -SLACK_NS);
  if (model.type === 'file' && real.type === 'file' && !model.data.equals(real.data)) return false;
  return model.type === real.type && model.mode === real.mode && timely;
}
