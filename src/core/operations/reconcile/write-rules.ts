import { CONFIG_FILE } from '../../config/config-file.ts';
import { addProperty } from '../../config/setup/add-property.ts';
import { readExisting, writeText } from '../../config/setup/text-file.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { Config } from '../../model/category.ts';
import type { Learned } from './rules-for.ts';

/** The config file that rules can be written to. Throws USAGE if the project has none. */
export function requireConfigFile({ file }: Config): string {
  if (file !== undefined && !file.endsWith('package.json')) return file;
  const where = file === undefined ? 'there is no config file' : 'the settings are in package.json';
  throw new BackupError('USAGE', `--write-rules writes to ${CONFIG_FILE}, but ${where}`, {
    hint:
      file === undefined ? 'Run migbackup init first.' : `Move the settings from package.json to ${CONFIG_FILE} first.`,
  });
}

/**
 * Adds what was learned to the rules in the config: the globs of `--in`, and where the values of each field stand. What the config says already stays as it
 * is, byte for byte, with its comments. Returns what was added, a line each; nothing the second time. Throws IO, CONFIG_INVALID.
 */
export function writeRules(file: string, learned: readonly Learned[]): string[] {
  const before = readExisting(file);
  if (before.state !== 'text') {
    throw new BackupError('CONFIG_INVALID', `${file} ${before.state === 'unusable' ? before.why : 'is gone'}`, {
      hint: 'Make it a regular file, then run this again.',
      path: file,
    });
  }
  const bom = before.text.startsWith('\uFEFF') ? '\uFEFF' : '';
  let text = before.text.slice(bom.length);
  const added: string[] = [];
  const add = (keys: readonly string[], value: readonly string[]): void => {
    text = addProperty(text, keys, value);
    added.push(`${keys.join('.')}: ${JSON.stringify(value)}`);
  };
  for (const { name, rules, in: globs, accounted } of learned) {
    if (rules?.in === undefined && globs.length > 0) add(['reconcile', name, 'in'], globs);
    if (rules?.places !== undefined || accounted.learnedFrom === 0) continue;
    for (const [field, places] of Object.entries(accounted.places)) add(['reconcile', name, 'places', field], places);
  }
  if (added.length > 0) writeText(file, bom + text, before);
  return added;
}
