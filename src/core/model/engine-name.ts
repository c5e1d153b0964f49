/** The engines whose databases are captured and proven. */
export const ENGINES = ['leveldb', 'sqlite'] as const;
export type EngineName = (typeof ENGINES)[number];

/** As people call them. */
export const ENGINE_TITLES: Readonly<Record<EngineName, string>> = { leveldb: 'LevelDB', sqlite: 'SQLite' };

/** Whether a database is a folder of its own, or a file with parts beside it. */
export const ENGINE_SHAPES: Readonly<Record<EngineName, 'folder' | 'file'>> = { leveldb: 'folder', sqlite: 'file' };

/** Whether a source of this type is a folder that is one database. */
export function isDatabaseFolder(type: EngineName | 'files'): boolean {
  return type !== 'files' && ENGINE_SHAPES[type] === 'folder';
}
