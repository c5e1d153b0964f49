import fs from 'node:fs';
import { checkJson, MAX_JSON_BYTES } from '../../checks/json-parse.ts';
import { lookAtDatabase, type DatabaseLook } from '../../checks/preflight/databases.ts';
import { CONFIG_FILE } from '../../config/config-file.ts';
import { Pacer } from '../../concurrency/pacer.ts';
import { toNative } from '../../paths/paths.ts';
import { namesIn } from '../../fs/names-in.ts';
import { errnoOf, throwIfInterrupted } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { ScannedEntry } from '../../model/entry.ts';
import type { Context } from '../../model/event.ts';
import type { Finding } from '../../model/finding.ts';
import { lookAtAttributes, type Attributes } from '../../scan/attributes.ts';
import { secretMatcher } from '../../scan/left-out.ts';
import type { Ownership } from '../../scan/ownership.ts';
import type { DatabaseItem, ScanItem } from '../../scan/scan-item.ts';
import { secretTaken, toFinding } from '../../scan/scan-messages.ts';
import { takeInventory, type Inventory } from '../../capture/inventory.ts';
import type { Problem } from '../../capture/problems.ts';
import { liveRegistries } from '../../extract/registries.ts';
import type { ReadDeployments } from '../../records/deployments.ts';

/** What was found in everything that would be backed up. */
export interface Survey {
  readonly inventory: Inventory;
  /** Project-relative folders that a category holds. */
  readonly folders: readonly string[];
  /** Every file that would be stored, the parts of databases too. */
  readonly files: readonly StoredFile[];
  /** How many of the files are the config itself. */
  readonly configs: number;
  readonly problems: readonly Problem[];
  readonly findings: readonly Finding[];
  /** What files have that no backup keeps. */
  readonly attributes: Pick<Attributes, 'found' | 'fixed' | 'notLookedAt'>;
  /** What the deployment registries record. */
  readonly recorded: ReadDeployments;
  /** By category, as the inventory names them. */
  readonly databases: ReadonlyMap<string, readonly DatabaseLook[]>;
}

/** A file, project-relative. */
export interface StoredFile {
  readonly path: string;
  readonly bytes: number;
  /** The path of its source, or its own if the source is all of the project. */
  readonly source: string;
}

/** Walks the sources as create does, reads every database in place and parses every JSON file. Changes nothing. Throws INTERRUPTED. */
export async function surveySources(project: Project, ownership: Ownership, context: Context): Promise<Survey> {
  const problems: Problem[] = [];
  const findings: Finding[] = [];
  const onFinding = (finding: Finding): void => void findings.push(finding);
  const folders: string[] = [];
  const json: ScannedEntry[] = [];
  const files: StoredFile[] = [];
  const pathOf = new Map(
    project.config.categories.flatMap(({ sources }) =>
      sources.map((source) => [`${source.category}/${source.name}`, source.path]),
    ),
  );
  let configs = 0;
  const isTaken = secretMatcher(project.config.includeSecrets ? project.config.secrets : []);
  const registries = liveRegistries(project.root);
  const see = (entry: ScannedEntry): void => {
    const { path, type, category, source } = entry;
    registries.see(entry);
    if (type === 'dir') folders.push(path);
    if (type !== 'file') return;
    files.push({ path, bytes: entry.size, source: pathIn(pathOf.get(`${category}/${source}`), path) });
    if (path === CONFIG_FILE) configs++;
    if (path.endsWith('.json') && entry.size <= MAX_JSON_BYTES) json.push(entry);
    if (isTaken(path)) onFinding(toFinding(secretTaken(path), path, category, source));
  };
  const onItem = (_category: string, item: ScanItem): void => {
    if (item.kind === 'entry') see(item.entry);
    else if (item.kind === 'database') {
      files.push(...partsOf(item));
      item.others.forEach(see);
    }
  };
  const looking = lookAtAttributes(project, project.config.categories, { ownership, flags: true });
  const hardLinks: string[] = [];
  const onHardLink = (path: string): unknown => hardLinks.push(path);
  const inventory = await takeInventory(
    project,
    project.config.categories,
    { ownership, onProblem: (problem) => problems.push(problem), onFinding, onItem, onHardLink },
    context,
  );
  context.onEvent?.({ type: 'phase-begin', phase: 'reading databases and JSON' });
  await parseAll(project.root, json, onFinding, context);
  const recorded = await registries.read(context.signal);
  const databases = new Map<string, DatabaseLook[]>();
  for (const [name, found] of inventory.categories) {
    const looks: DatabaseLook[] = [];
    for (const database of found.databases) looks.push(await lookAtDatabase(database, context.signal));
    databases.set(name, looks);
  }
  const { found, fixed, notLookedAt } = await looking;
  const attributes = { found: new Map([...found, ['hard links', hardLinks] as const]), fixed, notLookedAt };
  return { inventory, folders, files, configs, problems, findings, attributes, recorded, databases };
}

/** What a person knows a file by: the path of its source, or its own if the source is all of the project. */
function pathIn(source: string | undefined, path: string): string {
  return source === undefined || source === '.' ? path : source;
}

/** The files of a database that are there now. */
function partsOf({ path, place, engine, source }: DatabaseItem): StoredFile[] {
  const parts =
    engine.shape === 'folder'
      ? namesIn(place).filter((name) => engine.partOf(place, engine.pathOf(place, name)) !== null)
      : (engine.parts ?? []);
  return parts.flatMap((part) => {
    const stat = engine.isVolatile(part)
      ? undefined
      : fs.lstatSync(engine.pathOf(place, part), { throwIfNoEntry: false });
    return stat?.isFile() === true ? { path: engine.pathOf(path, part), bytes: stat.size, source: source.path } : [];
  });
}

async function parseAll(
  root: string,
  entries: readonly ScannedEntry[],
  onFinding: (finding: Finding) => void,
  { signal }: Context,
): Promise<void> {
  const pacer = new Pacer();
  for (const entry of entries) {
    const content = readOrNull(toNative(root, entry.path));
    if (content !== null) checkJson(entry, content, onFinding);
    if (pacer.due()) {
      throwIfInterrupted(signal);
      await pacer.turn();
    }
  }
}

/** The walk has named a file that cannot be read as a problem, or the file has vanished since. */
function readOrNull(file: string): Buffer | null {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return null;
  }
}
