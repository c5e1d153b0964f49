import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Entry } from '../../../src/core/model/entry.ts';
import { planChanges } from '../../../src/core/transaction/change-plan.ts';
import { listBelow } from '../../../src/core/transaction/live-tree.ts';
import type { Surroundings } from '../../../src/core/transaction/set-aside.ts';
import { runTransaction } from '../../../src/core/transaction/transaction.ts';
import { TreeWriter } from '../../../src/core/transaction/tree-writer.ts';

const TIME = 1_700_000_000;
const common = { category: 'test', source: 'main', mtimeNs: BigInt(TIME) * 1_000_000_000n, uid: 0, gid: 0, offset: 0 };

/** What is wanted: entries in path order, and the text of each file. */
export interface Selection {
  readonly entries: readonly Entry[];
  readonly texts: ReadonlyMap<string, string>;
}

export function file(relative: string, text: string, mode = 0o644): [Entry, string] {
  const sha256 = createHash('sha256').update(text).digest('hex');
  return [{ ...common, path: relative, type: 'file', size: Buffer.byteLength(text), mode, sha256 }, text];
}

export function folder(relative: string, mode = 0o755): [Entry, null] {
  return [{ ...common, path: relative, type: 'dir', size: 0, mode }, null];
}

export function link(relative: string, target: string): [Entry, null] {
  return [{ ...common, path: relative, type: 'symlink', size: 0, mode: 0o777, target }, null];
}

export function wanted(...items: readonly [Entry, string | null][]): Selection {
  const texts = new Map<string, string>();
  for (const [entry, text] of items) if (text !== null) texts.set(entry.path, text);
  return { entries: items.map(([entry]) => entry), texts };
}

/** Writes a file or, with null, a folder, at a time that no restore sets by accident. */
export function put(root: string, relative: string, text: string | Buffer | null, mode?: number): void {
  const native = path.join(root, relative);
  if (text === null) fs.mkdirSync(native, { recursive: true });
  else {
    fs.mkdirSync(path.dirname(native), { recursive: true });
    fs.writeFileSync(native, text);
  }
  if (mode !== undefined) fs.chmodSync(native, mode);
  fs.utimesSync(native, TIME - 1000, TIME - 1000);
}

export interface ApplyOptions {
  readonly mirrored?: readonly string[];
  readonly extras?: readonly string[];
  /** What the selection covers; all that is in `mirrored` if not given. */
  readonly covered?: readonly string[];
  readonly check?: () => void;
  readonly signal?: AbortSignal;
  readonly surroundings?: Surroundings;
}

/** Plans and runs one transaction. Everything but the first await is synchronous, so faults meet one fixed order of calls. */
export async function apply(root: string, { entries, texts }: Selection, options: ApplyOptions = {}): Promise<string> {
  const extras = (options.extras ?? []).map((extra) => ({ path: extra, category: 'test' }));
  const mirrored = options.mirrored ?? [];
  const covered = new Set(
    options.covered ??
      mirrored.flatMap((top) =>
        fs.lstatSync(path.join(root, top), { throwIfNoEntry: false }) === undefined ? [] : listBelow(root, top),
      ),
  );
  const plan = planChanges(root, entries, { mirrored, databases: [], extras, covered });
  return runTransaction({
    root,
    journal: {
      version: 1,
      id: 'test-1',
      backupId: 'backup-1',
      startedAt: '2026-01-01T00:00:00.000Z',
      units: [...plan.units],
      meta: [...plan.meta],
    },
    async stage(stage) {
      const writer = new TreeWriter(stage);
      try {
        for (const unit of plan.units) {
          for (const entry of plan.content.get(unit.n) ?? []) {
            const inner = entry.path === unit.path ? '' : entry.path.slice(unit.path.length + 1);
            await write(writer, path.join(stage, String(unit.n), inner), entry, texts);
          }
        }
        await writer.finish();
      } finally {
        await writer.abort();
      }
    },
    check() {
      options.check?.();
      return Promise.resolve();
    },
    signal: options.signal,
    surroundings: options.surroundings,
  });
}

async function write(writer: TreeWriter, native: string, entry: Entry, texts: Selection['texts']): Promise<void> {
  if (entry.type === 'dir') writer.folder(native, entry);
  else if (entry.type === 'symlink') writer.link(native, entry);
  else {
    writer.beginFile(native);
    await writer.write(Buffer.from(texts.get(entry.path) ?? ''));
    await writer.endFile(entry);
  }
}
