/** A word as a POSIX shell reads it back; plain words stay as they are. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command line that can be pasted into a shell. */
export function shellLine(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}

/** A path as a word that no program takes as a flag. */
export function pathWord(path: string): string {
  return path.startsWith('-') ? `./${path}` : path;
}
