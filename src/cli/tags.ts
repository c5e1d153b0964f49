import { BackupError } from '../core/model/backup-error.ts';

/** `['release=1.4']` -> `{ release: '1.4' }`; the value may hold further equal signs. Throws USAGE for another word, with the flag that gives it. */
export function parseTags(words: readonly string[], flag = '--tag'): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const word of words) {
    const split = word.indexOf('=');
    if (split < 1 || word.startsWith('__proto__=')) {
      throw new BackupError('USAGE', `${flag} ${word} is not KEY=VALUE`, {
        hint: `Write KEY=VALUE, for example ${flag} release=1.4.`,
      });
    }
    tags[word.slice(0, split)] = word.slice(split + 1);
  }
  return tags;
}
