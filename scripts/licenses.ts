import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The licences of what is handed on without its own folder: one text of all. */
export function licenseTexts(packageFolders: readonly string[]): string {
  const texts = packageFolders.map((folder) => {
    const files = readdirSync(folder).filter((name) => /^licen[cs]e/i.test(name));
    const parts = files.map((name) => readFileSync(path.join(folder, name), 'utf8').trim());
    return [`== ${folder.replace(/^.*node_modules[\\/]/, '').replaceAll('\\', '/')}`, ...parts].join('\n\n');
  });
  return `${texts.join('\n\n')}\n`;
}
