import { BackupError } from '../core/model/backup-error.ts';

/** `['release=1.4']` -> `{ release: '1.4' }`; the value may hold further equal signs. */
export function parseTags(words: readonly string[]): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const word of words) {
    const split = word.indexOf('=');
    if (split < 1 || word.startsWith('__proto__=')) {
      throw new BackupError('USAGE', `--tag ${word} is not KEY=VALUE`, { hint: 'For example: --tag release=1.4' });
    }
    tags[word.slice(0, split)] = word.slice(split + 1);
  }
  return tags;
}
