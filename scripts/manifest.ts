/** Writes oclif.manifest.json: what `help` and the flag parser know about each command without loading it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Interfaces, Plugin } from '@oclif/core';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The manifest as text. It never contains folders of this machine. */
export async function manifestText(): Promise<string> {
  const pjson: Interfaces.PJSON = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  pjson.oclif = {
    ...pjson.oclif,
    commands: { strategy: 'explicit', target: './scripts/commands.ts', identifier: 'COMMANDS' },
  };
  const plugin = new Plugin({
    root,
    pjson,
    ignoreManifest: true,
    errorOnManifestCreate: true,
    isRoot: true,
    type: 'core',
  });
  await plugin.load();
  return `${JSON.stringify(plugin.manifest, null, 2)}\n`;
}

if (import.meta.main) writeFileSync(`${root}/oclif.manifest.json`, await manifestText());
