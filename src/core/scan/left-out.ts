import type fs from 'node:fs';
import picomatch from 'picomatch';
import type { Config } from '../model/category.ts';
import { anyOf } from '../paths/any-of.ts';
import { forbiddenPart, pathProblem } from '../paths/paths.ts';

const OPTIONS = { dot: true, nocase: true } as const;

type Match = (path: string) => boolean;

let harmless: Match | undefined;

/** Whether a path looks like that of a secret but is not: `.env.example`, for example. */
export function isHarmless(path: string): boolean {
  harmless ??= picomatch(['**/.env.example', '**/.env.sample', '**/.env.template'], OPTIONS);
  return harmless(path);
}

/** Compiled patterns are kept, because compiling takes milliseconds and every source of a project has the same patterns. */
const compiled = new WeakMap<readonly string[], Match>();

/** A test whether the given patterns declare a project-relative path to be secret. */
export function secretMatcher(patterns: readonly string[]): Match {
  if (patterns.length === 0) return () => false;
  const matches = compiled.get(patterns) ?? compile(patterns);
  compiled.set(patterns, matches);
  return (path) => matches(path) && !isHarmless(path);
}

/** Every file is asked, so that all patterns are one expression, and those that mean a name in any folder are compared with the name alone. */
function compile(patterns: readonly string[]): Match {
  const isOfName = (pattern: string): boolean => /^\*\*\/[^/]+$/.test(pattern);
  const name = anyOf(
    patterns.filter(isOfName).map((pattern) => pattern.slice('**/'.length)),
    OPTIONS,
  );
  const path = anyOf(
    patterns.filter((pattern) => !isOfName(pattern)),
    OPTIONS,
  );
  return (file) => name.test(file.slice(file.lastIndexOf('/') + 1)) || path.test(file);
}

/** A test for secrets that are stored because the config says so. If it does not, the scan has already left them out. */
export function takenSecrets({ includeSecrets, secrets }: Config): (path: string) => boolean {
  return secretMatcher(includeSecrets ? secrets : []);
}

/** A test for what no backup takes even if a source covers it: what may be a secret, what is neither a file nor a link, and names that cannot be stored. */
export function leftOutTest({ includeSecrets, secrets }: Config): (path: string, kind: Kind) => boolean {
  const isSecret = secretMatcher(includeSecrets ? [] : secrets);
  return (path, kind) =>
    isSecret(path) ||
    !(kind.isFile() || kind.isSymbolicLink()) ||
    pathProblem(path) !== null ||
    forbiddenPart(path) !== null;
}

type Kind = Pick<fs.Dirent, 'isFile' | 'isSymbolicLink'>;
