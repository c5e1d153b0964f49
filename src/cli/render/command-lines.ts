/** Programs whose command lines our texts contain, to be pasted. */
const PROGRAMS = new Set(['migbackup', 'cd', 'chmod', 'chown', 'git', 'npm', 'npx', 'rm', 'sudo']);
/** A flag, a word in quotes, or a word that contains what plain text does not: a capital letter, a digit, a sign, a dash inside. */
const NO_PROSE = /^[-']|[A-Z/=~\d]|\w-\w/;
/** A word of a shell, which may have blanks in quotes, or a word of plain text. */
const WORD = /(?<!\S)'(?:[^']|'\\'')*'\S*|\S+/g;
/** A command line ends with such a word. */
const ENDS = /[.,;:)`]$/;
/** In words: no command line of ours is longer. */
const LONGEST = 64;
/** No text contains it, because names are escaped. */
const HELD = '\0';

/** The words of a text as `split(' ')` gives them, but a command line counts as one word: broken in two, it could not be pasted. */
export function wordsOf(text: string): string[] {
  const matches = [...text.matchAll(WORD)];
  const words = matches.map(([word]) => word);
  let held = '';
  let end = 0;
  let begin = 0;
  for (const [at, word] of words.entries()) {
    const { index } = matches[at] ?? { index: end };
    const blanks = text.slice(end, index);
    end = index + word.length;
    if (at - begin < LONGEST && goesOn(words.slice(begin, at), word, words.slice(at, at + LONGEST)))
      held += (blanks + word).replaceAll(' ', HELD);
    else {
      begin = isProgram(word) ? at : at + 1;
      held += blanks + word;
    }
  }
  return (held + text.slice(end)).split(' ').map((word) => word.replaceAll(HELD, ' '));
}

function isProgram(word: string): boolean {
  return PROGRAMS.has(word.replace(/^[('`"]+/, ''));
}

/**
 * Whether a word continues a command line.
 * @param command its words so far; empty if the words before are not a command line
 * @param rest the word and everything after it
 */
function goesOn(command: readonly string[], word: string, rest: readonly string[]): boolean {
  const last = command.at(-1);
  if (last === undefined || ENDS.test(last)) return false;
  if (isProgram(last) || command.includes('--') || last === '&&' || word === '&&') return true;
  if ((last.startsWith('-') && !last.includes('=')) || NO_PROSE.test(word)) return true;
  // A plain word is an argument if a flag follows.
  const clause = rest.slice(0, rest.findIndex((each) => ENDS.test(each)) + 1 || rest.length);
  return clause.some((each) => each.startsWith('-'));
}
