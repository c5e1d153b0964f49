import fs from 'node:fs';
import { lstatOrNull } from '../fs/durable.ts';
import { openableParts, type DatabaseFiles } from './database-files.ts';
import type { Engine } from './engine.ts';

/**
 * The parts of a database on disk that nobody writes to: a copy of ours, or a database whose lock we hold. Other databases have to be captured first.
 * @param ours it is a copy of ours, whose files may be linked
 */
export function partsOnDisk(engine: Engine, place: string, ours = false): DatabaseFiles & { close(): void } {
  const isThere = (part: string): boolean => {
    const file = engine.pathOf(place, part);
    return !engine.isVolatile(part) && engine.partOf(place, file) !== null && lstatOrNull(file)?.isFile() === true;
  };
  const parts = openableParts(
    () => (engine.parts ?? fs.readdirSync(place)).filter((part) => isThere(part)),
    (part) => engine.pathOf(place, part),
  );
  return { ...(ours && engine.shape === 'folder' ? { ours: place } : {}), ...parts };
}
