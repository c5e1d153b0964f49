import fs from 'node:fs';
import { namesIn } from '../fs/names-in.ts';
import { lstatOrNull } from '../fs/durable.ts';
import type { EngineName } from '../model/engine-name.ts';
import type { Engine } from './engine.ts';
import { LEVELDB } from './leveldb/engine.ts';
import { SQLITE } from './sqlite/engine.ts';

/** Every engine there is. */
const ALL: readonly Engine[] = [LEVELDB, SQLITE];

/** A database and its path as `Engine` has it, project-relative or absolute. */
export interface DatabaseAt {
  readonly path: string;
  readonly engine: EngineName;
}

export function engineOf(name: EngineName): Engine {
  const engine = ALL.find((each) => each.name === name);
  if (engine === undefined) throw new Error(`no engine ${name}`);
  return engine;
}

/** The engine whose database a folder is. @param names what it holds, if that has been read already */
export function recogniseFolder(place: string, names?: readonly string[]): Engine | null {
  const listed = names ?? namesIn(place);
  return ALL.find((engine) => engine.isFolder(place, listed)) ?? null;
}

/** The engine whose database a file is. @param size in bytes */
export function recogniseFile(place: string, size: number): Engine | null {
  return ALL.find((engine) => engine.isFile(place, size)) ?? null;
}

/** The engine of a database that a folder with these names is left of. */
export function remainsOf(names: readonly string[]): Engine | null {
  return ALL.find((engine) => engine.isRemains(names)) ?? null;
}

/** What a file is by its name: a part of the database at `database`, if that is a database. The database file itself does not count as a part here. */
export interface PartName {
  readonly engine: Engine;
  /** Path of the database's file, in the same form as the path that was asked for. */
  readonly database: string;
  readonly part: string;
}

/** The databases of engines of shape `file` that a path would belong to, by its name alone. */
export function partNames(path: string): PartName[] {
  return ALL.flatMap((engine) =>
    (engine.parts ?? []).flatMap((part) =>
      part !== '' && path.endsWith(part) ? [{ engine, database: path.slice(0, path.length - part.length), part }] : [],
    ),
  );
}

/** Whether a path is, by its name, a part of a database whose file is at `database`. A source that is one file has such parts beside it. */
export function isPartNameOf(path: string, database: string): boolean {
  return partNames(path).some((name) => name.database === database);
}

/** The parts with data that lie beside a file, judged by their content, whatever the file itself is. Each is the suffix that follows the file's path. */
export function partsBeside(native: string): string[] {
  const parts = ALL.flatMap((engine) => (engine.parts ?? []).map((part) => ({ engine, part })));
  return parts.flatMap(({ engine, part }) => (part !== '' && engine.isPart(native + part, part) ? [part] : []));
}

/** The names of a folder without those that come and go in it while a database is in use. */
export function settledNames(names: readonly string[]): string[] {
  const known = new Set(names);
  return names.filter(
    (name) =>
      !ALL.some((engine) => engine.shape === 'folder' && engine.partOf('.', `./${name}`) !== null) &&
      !partNames(name).some(({ database }) => known.has(database)),
  );
}

/** Whether a path is LOCK or LOG: files without data, which any program that tries to open a database folder leaves there, even if there is no database. */
export function isVolatilePath(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return ALL.some((engine) => engine.shape === 'folder' && engine.isVolatile(name));
}

/** Whether the file at an absolute path carries no data, because any program that opens the database makes it again: LOCK, LOG, -shm. */
export function carriesNoData(native: string): boolean {
  return isVolatilePath(native) || fileDatabaseOf(native)?.isVolatile === true;
}

/** The database that a file at an absolute path is a part of; null if it is no part. The database file itself does not count as a part here. */
export function fileDatabaseOf(native: string): (PartName & { readonly isVolatile: boolean }) | null {
  for (const found of partNames(native)) {
    const { engine, database, part } = found;
    const stat = lstatOrNull(database);
    if (stat?.isFile() === true && engine.isFile(database, Number(stat.size)) && engine.mayBePart(native, part))
      return { ...found, isVolatile: engine.isVolatile(part) };
  }
  return null;
}

/** Whether a path is volatile in a folder database; @param has whether a path is there, in the same form */
export function isChatter(path: string, has: (path: string) => boolean): boolean {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  const name = path.slice(path.lastIndexOf('/') + 1);
  return ALL.some(
    (engine) => engine.shape === 'folder' && engine.isVolatile(name) && has(engine.pathOf(folder, engine.marker)),
  );
}

/** A database where it was found. */
export interface FoundDatabase extends DatabaseAt {
  /** Absolute. */
  readonly place: string;
}

/** The databases at and below an absolute path. @param relative the same path in the project */
export function findDatabases(native: string, relative: string): FoundDatabase[] {
  const stat = lstatOrNull(native);
  if (stat?.isFile() === true) return found(recogniseFile(native, Number(stat.size)), native, relative);
  if (stat?.isDirectory() !== true) return [];
  const names = fs.readdirSync(native);
  const below = names.flatMap((name) => findDatabases(`${native}/${name}`, `${relative}/${name}`));
  return [...found(recogniseFolder(native, names), native, relative), ...below];
}

function found(engine: Engine | null, place: string, path: string): FoundDatabase[] {
  return engine === null ? [] : [{ engine: engine.name, place, path }];
}
