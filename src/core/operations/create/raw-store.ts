import fs from 'node:fs';
import path from 'node:path';
import { decodeName } from '../../fs/names.ts';
import type { ScannedEntry } from '../../model/entry.ts';
import { isEngineFile, isVolatileFile } from '../../sources/leveldb/recognise.ts';
import { scannedEntry, type StoreItem } from '../../sources/scan-item.ts';

/** All of a store's folder as plain entries, without LOCK, LOG and LOG.old. */
export function rawStoreEntries(item: StoreItem): ScannedEntry[] {
  const entries = [...item.others];
  const known = new Set(entries.map((entry) => entry.path));
  for (const raw of fs.readdirSync(item.dir, { encoding: 'buffer' })) {
    const name = decodeName(raw);
    if (name === null || isVolatileFile(name) || !isEngineFile(name) || known.has(`${item.path}/${name}`)) continue;
    const stat = fs.lstatSync(path.join(item.dir, name), { bigint: true });
    if (!stat.isFile()) continue;
    entries.push(scannedEntry(item.source, `${item.path}/${name}`, 'file', stat));
  }
  return entries;
}
