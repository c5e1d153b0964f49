import picomatch from 'picomatch';

/** One expression for all of these globs, which are tested more often than they are compiled; of none, one that matches nothing. */
export function anyOf(globs: readonly string[], options: { readonly dot: true; readonly nocase: true }): RegExp {
  if (globs.length === 0) return /(?!)/;
  return new RegExp(globs.map((glob) => picomatch.makeRe(glob, options).source).join('|'), 'i');
}
