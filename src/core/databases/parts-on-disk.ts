import fs from 'node:fs';
import { lstatOrNull } from '../fs/durable.ts';
import { descriptorBytes, type DatabaseFiles } from './database-files.ts';
import type { Engine } from './engine.ts';

/**
 * The parts of a database on disk that nobody writes: one of ours, or one whose lock is held. Others are captured first.
 * @param ours it is a copy of ours, whose files may be linked
 */
export function partsOnDisk(engine: Engine, place: string, ours = false): DatabaseFiles & { close(): void } {
  const open = new Set<number>();
  const closeOne = (fd: number): void => {
    if (open.delete(fd)) fs.closeSync(fd);
  };
  return {
    ...(ours && engine.shape === 'folder' ? { ours: place } : {}),
    names: () =>
      (engine.parts ?? fs.readdirSync(place)).filter((part) => {
        const file = engine.pathOf(place, part);
        return !engine.isVolatile(part) && engine.partOf(place, file) !== null && lstatOrNull(file)?.isFile() === true;
      }),
    open(part) {
      const fd = fs.openSync(engine.pathOf(place, part), 'r');
      open.add(fd);
      return { ...descriptorBytes(fd, fs.fstatSync(fd).size), close: () => closeOne(fd) };
    },
    close() {
      for (const fd of open) closeOne(fd);
    },
  };
}
