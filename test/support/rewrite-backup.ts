import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { IndexWriter, readIndex } from '../../src/core/format/index-file.ts';
import type { Entry } from '../../src/core/model/entry.ts';
import { formatSum, parseSums } from '../../src/core/format/sums.ts';

const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

type Json = Record<string, unknown>;

/** Makes the list of artifacts agree with the bytes again, as a careful forger would. */
export function resumArtifacts(folder: string): void {
  const list = path.join(folder, 'checksums/ARTIFACTS.sha256');
  const names = parseSums(readFileSync(list, 'utf8')).map((sum) => sum.path);
  writeFileSync(list, names.map((name) => formatSum(sha256(path.join(folder, name)), name)).join(''));
}

/** Changes the manifest and recomputes every checksum above it. */
export function rewriteManifest(folder: string, change: (manifest: Json) => void): void {
  const file = path.join(folder, 'BACKUP_MANIFEST.json');
  const manifest: Json = JSON.parse(readFileSync(file, 'utf8'));
  change(manifest);
  writeFileSync(file, JSON.stringify(manifest, null, 2));
  resumArtifacts(folder);
}

/** Rewrites the index and recomputes every checksum above it: the manifest's, then the list of artifacts. */
export async function rewriteIndex(folder: string, change: (entries: Entry[]) => Entry[]): Promise<void> {
  const file = path.join(folder, 'INDEX.ndjson.zst');
  const entries: Entry[] = [];
  for await (const batch of readIndex(file)) entries.push(...batch);
  rmSync(file);
  const writer = new IndexWriter(file);
  for (const entry of change(entries)) writer.add(entry);
  const written = await writer.finish();
  rewriteManifest(folder, (manifest) => {
    manifest['index'] = { file: 'INDEX.ndjson.zst', entries: written.entries, sha256: written.sha256 };
  });
}
