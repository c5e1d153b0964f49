import path from 'node:path';
import picomatch from 'picomatch';
import { partNames, recogniseFile, recogniseFolder, remainsOf } from '../../databases/engines.ts';
import { foreignDatabase, foreignDatabaseFile } from '../../databases/others.ts';
import type { SourceType } from '../../model/category.ts';

/** The names of the parts of a database that has no folder of its own, as a glob. */
export const PARTS = '{CURRENT,IDENTITY,MANIFEST-*,OPTIONS-*,*.{log,ldb,sst,mdb,dat}}';
const matches = picomatch(PARTS);

/** Whether a name is one of these. */
export function isPart(name: string): boolean {
  return matches(name);
}

/** A database that is in a folder, or is a file. */
export interface DatabaseHere {
  readonly title: string;
  readonly type: SourceType;
  /** A name in the folder. */
  readonly marker: string;
}

/** The database that a folder is, or what is left of one. @param names all names in it */
export function databaseFolder(native: string, names: readonly string[]): DatabaseHere | null {
  const engine = recogniseFolder(native, names);
  if (engine !== null) return { title: engine.title, type: engine.name, marker: engine.marker };
  const [marker = ''] = names;
  const foreign = foreignDatabase(native, names);
  if (foreign !== null) return { title: foreign.title, type: 'files', marker };
  const broken = remainsOf(names);
  return broken === null ? null : { title: `what is left of a ${broken.title} database`, type: 'files', marker };
}

/** The database that a file is by its content, or a part that lost its database. @param names what else is in its folder */
export function databaseFile(
  native: string,
  bytes: number,
  names: ReadonlySet<string>,
): Omit<DatabaseHere, 'marker'> | null {
  const engine = recogniseFile(native, bytes);
  if (engine !== null) return { title: engine.title, type: engine.name };
  const foreign = foreignDatabaseFile(native, names);
  if (foreign !== null)
    return {
      title: foreign.shouldBe === undefined ? foreign.title : `a file named like ${foreign.shouldBe}`,
      type: 'files',
    };
  const left = partNames(native).find(
    ({ engine: of, database, part }) => !names.has(path.basename(database)) && of.isPart(native, part),
  );
  return left === undefined ? null : { title: `what is left of a ${left.engine.title} database`, type: 'files' };
}
