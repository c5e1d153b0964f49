import path from 'node:path';
import { engineOf } from '../databases/engines.ts';
import { lstatOrNull } from '../fs/durable.ts';
import type { Unit } from './unit.ts';

/** The units of a database that is a file, its file first. */
export interface DatabaseUnits {
  /** Undefined if only parts of the database move. */
  readonly file: Unit | undefined;
  readonly all: readonly Unit[];
}

/** Separates the units of databases that are files, grouped by database, from all others. */
export function groupUnits(units: readonly Unit[]): { others: Unit[]; databases: DatabaseUnits[] } {
  const groups = Map.groupBy(
    units.filter(({ database }) => database !== undefined),
    ({ database }) => database?.path,
  );
  const databases = [...groups.values()].map((all) => ({ file: all.find((unit) => isDatabaseFile(unit)), all }));
  return { others: units.filter(({ database }) => database === undefined), databases };
}

export function isDatabaseFile({ path: at, database }: Unit): boolean {
  return database?.path === at;
}

/** Whether a unit is a part that moves along with the file of its database. */
export function isPart(unit: Unit): boolean {
  return unit.database !== undefined && !isDatabaseFile(unit);
}

/** Whether a unit is a part of a database that carries no data. */
export function isVolatilePart({ path: at, database }: Unit): boolean {
  if (database === undefined) return false;
  const engine = engineOf(database.engine);
  const part = engine.partOf(database.path, at);
  return part !== null && engine.isVolatile(part);
}

/** The parts that move along with a database file, as suffixes of its name; empty for other units. */
export function partsBeside(unit: Unit): { readonly part: string; readonly carriesData: boolean }[] {
  if (unit.database === undefined || !isDatabaseFile(unit)) return [];
  const engine = engineOf(unit.database.engine);
  const parts = (engine.parts ?? []).filter((part) => part !== '');
  return parts.map((part) => ({ part, carriesData: !engine.isVolatile(part) }));
}

/** Whether there is a part of a unit's database beside a place. A file that only has the name of a part does not count, and stays where it is. */
export function isPartThere({ database }: Unit, place: string, part: string): boolean {
  if (database === undefined || lstatOrNull(place + part) === null) return false;
  return engineOf(database.engine).mayBePart(place + part, part);
}

/** Where the new content of a unit is staged. For a database file, also where a part goes that another process made beside it. */
export function stagedAt(stage: string, { n }: Unit, part = ''): string {
  return path.join(stage, `${n}${part}`);
}

/** The parts with data that are beside a place. */
export function partsThere(unit: Unit, place: string): string[] {
  return partsBeside(unit).flatMap(({ part, carriesData }) =>
    carriesData && isPartThere(unit, place, part) ? [part] : [],
  );
}
