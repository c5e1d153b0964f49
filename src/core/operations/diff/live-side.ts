import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { readFully } from '../../databases/database-files.ts';
import { openRegular } from '../../fs/regular-file.ts';
import { toNative } from '../../paths/paths.ts';
import { BackupError, errnoOf } from '../../model/backup-error.ts';
import type { Config, Project } from '../../model/category.ts';
import { modeWithoutMask } from '../../model/entry.ts';
import type { Context } from '../../model/event.ts';
import type { AnyFinding, Finding } from '../../model/finding.ts';
import type { FindingCode } from '../../model/finding-codes.ts';
import type { ScanProblem } from '../../scan/scan-item.ts';
import type { DatabaseFiles } from '../../databases/database-files.ts';
import type { Engine } from '../../databases/engine.ts';
import { recogniseFile, recogniseFolder } from '../../databases/engines.ts';
import { readCaptured, readFacts } from '../../databases/read-on-disk.ts';
import { lookAtAttributes, type Attributes } from '../../scan/attributes.ts';
import { Ownership } from '../../scan/ownership.ts';
import { scanCategory } from '../../scan/scanner.ts';
import type { Look, Side, SideContent, SideDatabase, SideEntry } from './side.ts';
import { hashIfReadable } from '../../fs/hash-file.ts';
import { liveRegistries } from '../../extract/registries.ts';

/** A database of the project. */
interface Live {
  readonly path: string;
  readonly engine: Engine;
  readonly category: string;
  readonly source: string;
}

/** Findings of a scan about files that have no entry; the others are about how a file is stored. */
const LEFT_OUT = new Set<FindingCode>(['secret-left-out', 'special-file']);

/**
 * The live project, seen with a backup's own configuration: what was left out then is left out now.
 * @param known the backup's findings, which are not repeated
 */
export function liveSide(project: Project, config: Config, known: readonly AnyFinding[], context: Context): Side {
  const findings: Finding[] = [];
  const said = new Set(known.map(keyOf));
  const onFinding = (finding: Finding): void => {
    if (LEFT_OUT.has(finding.code) && !said.has(keyOf(finding))) findings.push(finding);
  };
  const onProblem = (problem: ScanProblem): void => void findings.push(notCompared(problem));
  const seen = { ...project, config };
  const ownership = new Ownership(config.categories);
  const databases: Live[] = [];
  const registries = liveRegistries(project.root);
  let looking: Promise<Attributes> | undefined;

  async function* entries(name: string): AsyncGenerator<SideEntry> {
    const category = config.categories.find((candidate) => candidate.name === name);
    if (category === undefined) return;
    looking ??= lookAtAttributes(project, config.categories, { ownership, flags: false });
    const { groupRights } = await looking;
    const options = { ownership, onProblem, onFinding, databaseAsFiles: () => true };
    for (const item of scanCategory(seen, category, options)) {
      if (item.kind !== 'entry') continue;
      const { source, path, type, size, target } = item.entry;
      registries.see(item.entry);
      const mode = modeWithoutMask(item.entry.mode, groupRights.get(path));
      const native = toNative(project.root, path);
      const engine = type === 'dir' ? recogniseFolder(native) : type === 'file' ? recogniseFile(native, size) : null;
      if (engine !== null) databases.push({ path, engine, category: name, source });
      yield { source, path, type, size, mode, target, sha256: onceOnly(() => hashIfReadable(native)) };
    }
  }

  return {
    backupId: null,
    where: project.root,
    categories: config.categories.map((category) => category.name),
    unproven: new Set(),
    entries,
    /** The databases that were seen while the entries were read. */
    async databases(isWanted, look) {
      const states: SideDatabase[] = [];
      for (const database of databases.filter(isWanted))
        states.push(await readLive(project.root, database, look, context));
      return states;
    },
    content: (path, maxBytes) => Promise.resolve(readFile(toNative(project.root, path), maxBytes)),
    recorded: (isWanted) => registries.read(context.signal, isWanted),
    findings: () => findings,
  };
}

function keyOf({ code, path }: AnyFinding): string {
  return `${code}\0${path}`;
}

function notCompared({ path, message, category, source, hint }: ScanProblem): Finding {
  return { code: 'not-compared', severity: 'warning', message, path, category, source, recommendation: hint };
}

/** Reads a captured copy of a database. If it changes too fast to be read, `problem` says so. */
async function readLive(
  root: string,
  { path, engine, category, source }: Live,
  look: Look | undefined,
  { signal }: Context,
): Promise<SideDatabase> {
  const read = async (files: DatabaseFiles, scratch: string): Promise<SideDatabase> => {
    const { records, digest } = await readFacts(engine, files, { scratch, signal });
    const state = { engine: engine.name, records, digest };
    const database: SideDatabase = { path, category, source, engine: engine.name, state, problem: null };
    await look?.(database, (use) => use({ engine, files, scratch: `${scratch}-of-records` }));
    return database;
  };
  try {
    return await readCaptured(engine, toNative(root, path), read, signal);
  } catch (error) {
    if (error instanceof BackupError && error.code === 'INTERRUPTED') throw error;
    if (!(error instanceof BackupError) && errnoOf(error) === undefined) throw error;
    return {
      path,
      category,
      source,
      engine: engine.name,
      state: null,
      problem: error instanceof Error ? error.message : String(error),
    };
  }
}

/** Reads a file at most once, however often its hash is asked for. */
function onceOnly(hash: () => string | null): () => string | null {
  let known: { readonly sha256: string | null } | undefined;
  return () => (known ??= { sha256: hash() }).sha256;
}

const CHUNK_BYTES = 1 << 20;

/** What is hashed is what is answered, even if the file is written to meanwhile. No link is followed. */
function readFile(native: string, maxBytes: number): SideContent {
  try {
    const fd = openRegular(native);
    try {
      const { size } = fs.fstatSync(fd);
      const hash = createHash('sha256');
      const kept: Buffer[] = [];
      let bytes = 0;
      for (let chunk = readFully(fd, 0, CHUNK_BYTES); chunk.length > 0; chunk = readFully(fd, bytes, CHUNK_BYTES)) {
        hash.update(chunk);
        bytes += chunk.length;
        if (size <= maxBytes && bytes <= maxBytes) kept.push(chunk);
      }
      const content = size <= maxBytes && bytes <= maxBytes ? Buffer.concat(kept) : null;
      return { bytes, sha256: hash.digest('hex'), content, problem: null };
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    return { bytes: 0, sha256: null, content: null, problem: `it cannot be read (${code})` };
  }
}
