import fs from 'node:fs';
import { Pacer } from '../concurrency/pacer.ts';
import { toNative } from '../paths/paths.ts';
import { errnoOf, throwIfInterrupted } from '../model/backup-error.ts';
import type { Category, Project } from '../model/category.ts';
import { addCounts, count, entriesIn, noCounts, type Counts } from '../model/counts.ts';
import type { Context } from '../model/event.ts';
import type { ScannedEntry } from '../model/entry.ts';
import type { ScanItem, DatabaseItem } from '../scan/scan-item.ts';
import type { ScanOptions } from '../scan/scan-item.ts';
import { scanCategory } from '../scan/scanner.ts';
import type { Engine } from '../databases/engine.ts';

export interface FoundDatabase {
  readonly path: string;
  /** The absolute path. */
  readonly place: string;
  readonly engine: Engine;
  readonly source: string;
}

export interface CategoryInventory extends Counts {
  databases: FoundDatabase[];
  /** Whether at least one source path exists on disk. */
  present: boolean;
}

export interface Inventory {
  readonly categories: ReadonlyMap<string, CategoryInventory>;
  readonly files: number;
  readonly bytes: number;
  readonly entries: number;
}

export interface InventoryOptions extends ScanOptions {
  /** Called with everything that is found, category by category, in order. */
  readonly onItem?: (category: string, item: ScanItem) => void;
}

/** Walks what the categories would store. It reads only names and stats, and checks that every file may be read. */
export async function takeInventory(
  project: Project,
  categories: readonly Category[],
  options: InventoryOptions,
  context: Context,
): Promise<Inventory> {
  const result = new Map<string, CategoryInventory>();
  const pacer = new Pacer();
  const all = noCounts();
  context.onEvent?.({ type: 'phase-begin', phase: 'looking' });
  for (const category of categories) {
    const found = emptyInventory(project, category);
    result.set(category.name, found);
    const see = (entry: ScannedEntry): void => {
      count(found, entry);
      count(all, entry);
      if (entry.type === 'file' && isDoubtful(entry.mode))
        checkReadable(toNative(project.root, entry.path), entry, options.onProblem);
    };
    for (const item of scanCategory(project, category, options)) {
      options.onItem?.(category.name, item);
      if (item.kind === 'entry') see(item.entry);
      else if (item.kind === 'database') {
        const { path: at, place, engine: of, source } = item;
        found.databases.push({ path: at, place, engine: of, source: source.name });
        for (const other of item.others) see(other);
        const engine = engineFigures(item, options.onProblem);
        addCounts(found, engine);
        addCounts(all, engine);
      }
      if (pacer.due()) {
        throwIfInterrupted(context.signal);
        context.onEvent?.({ type: 'progress', files: all.files, bytes: all.bytes });
        await pacer.turn();
      }
    }
  }
  return { categories: result, files: all.files, bytes: all.bytes, entries: entriesIn(all) };
}

function emptyInventory(project: Project, category: Category): CategoryInventory {
  const present = category.sources.some(
    (source) => fs.existsSync(toNative(project.root, source.path)) && source.path !== '.',
  );
  return { ...noCounts(), databases: [], present };
}

/** A first estimate, because a live database changes meanwhile. A part that this user may not read is a problem. */
function engineFigures(
  { place, path: database, source, engine }: DatabaseItem,
  onProblem: ScanOptions['onProblem'],
): Counts {
  const figures = noCounts();
  for (const part of engine.parts ?? namesIn(place)) {
    const file = engine.pathOf(place, part);
    if (engine.isVolatile(part) || engine.partOf(place, file) === null) continue;
    const stat = fs.lstatSync(file, { throwIfNoEntry: false });
    if (!stat?.isFile()) continue;
    count(figures, { type: 'file', size: stat.size });
    const about = { path: engine.pathOf(database, part), category: source.category, source: source.name };
    if (isDoubtful(stat.mode)) checkReadable(file, about, onProblem);
  }
  return figures;
}

/** Empty if the folder is gone again: then the capture reports that. */
function namesIn(dir: string): readonly string[] {
  try {
    return fs.readdirSync(dir);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return [];
    throw error;
  }
}

const isRoot = process.getuid?.() === 0;

/** Whether the permission bits alone do not say that this user may read the file, so that the kernel has to be asked. Root may read anything. */
function isDoubtful(mode: number): boolean {
  return !isRoot && (mode & 0o444) !== 0o444;
}

function checkReadable(
  file: string,
  entry: Pick<ScannedEntry, 'path' | 'category' | 'source'>,
  onProblem: ScanOptions['onProblem'],
): void {
  try {
    fs.accessSync(file, fs.constants.R_OK);
  } catch (cause) {
    onProblem({
      code: 'SOURCE_UNREADABLE',
      path: entry.path,
      message: 'may not be read by this user',
      hint: 'Run as a user who may read it, or change its permissions.',
      category: entry.category,
      source: entry.source,
      cause,
    });
  }
}
