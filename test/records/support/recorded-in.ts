import fs from 'node:fs';
import path from 'node:path';
import { liveRegistries } from '../../../src/core/extract/registries.ts';
import type { Deployment } from '../../../src/core/model/recorded-deployments.ts';
import type { ReadDeployments } from '../../../src/core/records/deployments.ts';
import { put } from '../../support/files.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** Path -> content: text as it is, anything else as JSON. */
export type Tree = Readonly<Record<string, unknown>>;

/** Reads the registries of a folder, as validate does. */
export async function readFolder(root: string): Promise<ReadDeployments> {
  const registries = liveRegistries(root);
  const found = fs.readdirSync(root, { recursive: true, withFileTypes: true }).map((entry) => {
    const native = path.join(entry.parentPath, entry.name);
    const at = path.relative(root, native).split(path.sep).join('/');
    const type = entry.isSymbolicLink() ? 'symlink' : entry.isDirectory() ? 'dir' : 'file';
    const link = entry.isSymbolicLink() ? { target: fs.readlinkSync(native) } : {};
    return { path: at, type, size: fs.lstatSync(native).size, ...link, category: 'c', source: 's' } as const;
  });
  for (const entry of found.toSorted((a, b) => (a.path < b.path ? -1 : 1))) registries.see(entry);
  return registries.read();
}

/** Writes files into a new folder, and reads them. */
export async function recordedIn(tree: Tree): Promise<ReadDeployments> {
  using folder = tempFolder();
  for (const [file, content] of Object.entries(tree))
    put(folder.path, file, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  return await readFolder(folder.path);
}

/** `chain name address`, one line each: enough to see who is there. */
export function brief(deployments: readonly Deployment[]): string[] {
  return deployments.map(({ chainId, name, address }) => `${chainId} ${name ?? '-'} ${address}`);
}
