/**
 * Stands in for classic-level's `binding.js` in the single binary: the addon is an asset of the executable, and the
 * operating system loads code from files only, so it is unpacked once into a private folder.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { getRawAsset } from 'node:sea';
import { BackupError } from '../../core/model/backup-error.ts';
import { addonCacheFolder, keepPrivateCopy } from './private-copy.ts';

const NAME = 'classic_level.node';

interface LoadedModule {
  exports: unknown;
}

function loadFrom(folder: string, bytes: Uint8Array): LoadedModule {
  const file = keepPrivateCopy(folder, NAME, bytes);
  if (file === undefined) throw new Error(`${folder} is open to others`);
  const loaded: LoadedModule = { exports: {} };
  process.dlopen(loaded, file);
  return loaded;
}

/** For a home that is read-only or mounted noexec: a private temporary folder, removed as soon as the addon is loaded. */
function loadFromTemporary(bytes: Uint8Array): LoadedModule {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-'));
  try {
    return loadFrom(folder, bytes);
  } finally {
    // Windows keeps a loaded file open, so there it stays.
    if (process.platform !== 'win32') fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** The exports of the embedded LevelDB addon. Throws with the reasons if there is no folder from which code may be loaded. */
export function loadNativeAddon(): unknown {
  const bytes = new Uint8Array(getRawAsset(NAME));
  const errors: unknown[] = [];
  for (const attempt of [() => loadFrom(addonCacheFolder(), bytes), () => loadFromTemporary(bytes)]) {
    try {
      return attempt().exports;
    } catch (error) {
      errors.push(error);
    }
  }
  const reasons = errors.map((error) => (error instanceof Error ? error.message : String(error))).join('; ');
  throw new BackupError('IO', `LevelDB cannot be loaded: ${reasons}`, {
    hint: 'Set TMPDIR to a folder of yours from which programs may run and to which nobody else can write.',
    cause: new AggregateError(errors, reasons),
  });
}
