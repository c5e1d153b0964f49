import fs from 'node:fs';
import { decodeName } from '../paths/names.ts';

/** U+FFFD may come from a name that is not UTF-8. With surrogates, the order of strings differs from the order of bytes. */
const UNUSUAL = /[\ud800-\udfff\ufffd]/;

export interface FolderNames {
  /** The names in the order of their bytes. */
  readonly names: readonly string[];
  /** Names that are not UTF-8. */
  readonly undecodable: readonly Buffer[];
}

/** The names in a folder. Throws the error of the system if the folder cannot be listed. */
export function listNames(folder: string): FolderNames {
  const names = fs.readdirSync(folder);
  if (!names.some((name) => UNUSUAL.test(name))) return { names: names.sort(), undecodable: [] };
  const raw = fs.readdirSync(folder, { encoding: 'buffer' }).toSorted((a, b) => a.compare(b));
  return {
    names: raw.map(decodeName).filter((name) => name !== null),
    undecodable: raw.filter((bytes) => decodeName(bytes) === null),
  };
}
