/**
 * Stands in for classic-level's `binding.js` in the single binary: the addon is an asset of the executable, and the
 * operating system loads code from files only, so it is unpacked once into a private folder.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { getRawAsset } from 'node:sea';
import { addonCacheFolder, keepPrivateCopy } from './private-copy.ts';

const NAME = 'classic_level.node';

interface LoadedModule {
  exports: unknown;
}

function loadFrom(folder: string, bytes: Uint8Array): LoadedModule | undefined {
  const file = keepPrivateCopy(folder, NAME, bytes);
  if (file === undefined) return undefined;
  const loaded: LoadedModule = { exports: {} };
  process.dlopen(loaded, file);
  return loaded;
}

/** For a home that is read-only or mounted noexec: a private temporary folder, gone as soon as the addon is mapped. */
function loadFromTemporary(bytes: Uint8Array): LoadedModule | undefined {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-'));
  try {
    return loadFrom(folder, bytes);
  } finally {
    // Windows keeps a loaded file open, so there it stays.
    if (process.platform !== 'win32') fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** The exports of the embedded LevelDB addon. */
export function loadNativeAddon(): unknown {
  const bytes = new Uint8Array(getRawAsset(NAME));
  const errors: unknown[] = [];
  for (const attempt of [() => loadFrom(addonCacheFolder(), bytes), () => loadFromTemporary(bytes)]) {
    try {
      const loaded = attempt();
      if (loaded) return loaded.exports;
    } catch (error) {
      errors.push(error);
    }
  }
  throw new AggregateError(errors, 'cannot load the embedded LevelDB addon');
}
