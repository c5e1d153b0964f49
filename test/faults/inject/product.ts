import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { exitCodeOfError } from '../../../src/cli/exit-code.ts';
import type { resolveProject } from '../../../src/core/config/project.ts';
import type { BackupError } from '../../../src/core/model/backup-error.ts';
import type { fromSystemError } from '../../../src/core/model/system-error.ts';
import type { create } from '../../../src/core/operations/create.ts';
import type { lockGuard, writeMarker } from '../../../src/core/history/marker.ts';
import type { goBack } from '../../../src/core/operations/guard/way-back.ts';
import type { operationsOn } from '../../../src/core/history/operation-log.ts';
import type { prune } from '../../../src/core/operations/prune.ts';
import type { recover } from '../../../src/core/operations/recover.ts';
import type { restore } from '../../../src/core/operations/restore.ts';
import type { undo } from '../../../src/core/operations/undo.ts';
import type { verify } from '../../../src/core/operations/verify.ts';
import type { listBackups } from '../../../src/core/repository/catalog.ts';

/** The sources of the working tree: what ships is built from them. */
export const SOURCES = path.join(import.meta.dirname, '../../../src');

/** The operations that the commands call, and what is needed to judge them. */
export interface Product {
  readonly create: typeof create;
  readonly restore: typeof restore;
  readonly undo: typeof undo;
  readonly recover: typeof recover;
  readonly prune: typeof prune;
  readonly goBack: typeof goBack;
  readonly lockGuard: typeof lockGuard;
  readonly writeMarker: typeof writeMarker;
  readonly verify: typeof verify;
  readonly operationsOn: typeof operationsOn;
  readonly listBackups: typeof listBackups;
  readonly resolveProject: typeof resolveProject;
  readonly fromSystemError: typeof fromSystemError;
  readonly BackupError: typeof BackupError;
  readonly exitCodeOfError: typeof exitCodeOfError;
}

const MODULES = [
  'cli/exit-code.ts',
  'core/config/project.ts',
  'core/model/backup-error.ts',
  'core/model/system-error.ts',
  'core/operations/create.ts',
  'core/history/marker.ts',
  'core/operations/guard/way-back.ts',
  'core/history/operation-log.ts',
  'core/operations/prune.ts',
  'core/operations/recover.ts',
  'core/operations/restore.ts',
  'core/operations/undo.ts',
  'core/operations/verify.ts',
  'core/repository/catalog.ts',
];

/** Loads it from a folder of sources: the working tree's, or a copy with one deliberate defect. */
export async function loadProduct(sources: string = SOURCES): Promise<Product> {
  const loaded = await Promise.all(
    MODULES.map((file) => import(/* @vite-ignore */ pathToFileURL(path.join(sources, file)).href)),
  );
  const product: Product = Object.assign({}, ...loaded);
  return product;
}
