import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The package's own name, without the folders of this machine. */
function nameOf(folder: string): string {
  const parts = folder.split(/[\\/]/);
  const scope = parts.at(-2) ?? '';
  return scope.startsWith('@') ? `${scope}/${parts.at(-1)}` : `${parts.at(-1)}`;
}

/** One text with the licences of all packages that are distributed without their own folder, in the order of their names. */
export function licenseTexts(packageFolders: readonly string[]): string {
  const texts = packageFolders.map((folder) => {
    const files = readdirSync(folder).filter((name) => /^licen[cs]e/i.test(name));
    const parts = files.map((name) => readFileSync(path.join(folder, name), 'utf8').trim());
    return [`== ${nameOf(folder)}`, ...parts].join('\n\n');
  });
  return `${texts.toSorted().join('\n\n')}\n`;
}
