import path from 'node:path';
import type { PartItem } from './scan-item.ts';

/** What a scan yields for a name that is a part of a database file: nothing, a place in the order of paths, or the file itself. */
type PartOfFile = PartItem | { readonly kind: 'nothing' } | { readonly kind: 'file' };

/** A folder that is being walked. */
export interface OpenFolder {
  readonly path: string;
  /** Its native path with a separator at the end. */
  readonly prefix: string;
  names: readonly string[];
  /** The position of the next name. */
  next: number;
  /** By name. */
  readonly parts: Map<string, PartOfFile>;
  /** All names as a set, once that is needed. */
  known?: ReadonlySet<string>;
}

/** @param native its native path, with or without a separator at the end */
export function openFolder(relative: string, native: string, names: readonly string[]): OpenFolder {
  const prefix = native.endsWith(path.sep) ? native : native + path.sep;
  return { path: relative, prefix, names, next: 0, parts: new Map() };
}
