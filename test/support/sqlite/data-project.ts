import path from 'node:path';
import { put } from '../files.ts';
import { tempFolder, type TempFolder } from '../temp-folder.ts';

export interface DataProject {
  /** To be disposed of; the project is in it. */
  readonly temp: TempFolder;
  readonly root: string;
  /** Where its database is to be: data/app.db. */
  readonly file: string;
}

/** A project of one category `state` with one source `data`, and a file in it. @param source as it stands in the config */
export function dataProject(source: object = { path: 'data' }): DataProject {
  const temp = tempFolder();
  const root = path.join(temp.path, 'project');
  putSource(root, source);
  put(root, 'data/other.json', '{}');
  return { temp, root, file: path.join(root, 'data/app.db') };
}

/** Writes the config with this source in place of what it had. */
export function putSource(root: string, data: object): void {
  put(root, 'migbackup.config.json', JSON.stringify({ categories: { state: { sources: { data } } } }));
}
