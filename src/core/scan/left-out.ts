import type fs from 'node:fs';
import picomatch from 'picomatch';
import type { Config } from '../model/category.ts';
import { forbiddenPart, pathProblem } from '../paths/paths.ts';

const OPTIONS = { dot: true, nocase: true } as const;

type Match = (path: string) => boolean;

let harmless: Match | undefined;

/** Names that look like secrets but are not. */
function isHarmless(path: string): boolean {
  harmless ??= picomatch(['**/.env.example', '**/.env.sample', '**/.env.template'], OPTIONS);
  return harmless(path);
}

/** Compiling takes milliseconds, and every source of a project asks with the same patterns. */
const compiled = new WeakMap<readonly string[], Match>();

/** A test for project-relative paths that the given patterns call secret. */
export function secretMatcher(patterns: readonly string[]): Match {
  if (patterns.length === 0) return () => false;
  const matches = compiled.get(patterns) ?? picomatch([...patterns], OPTIONS);
  compiled.set(patterns, matches);
  return (path) => matches(path) && !isHarmless(path);
}

/** A test for what is a secret and stored all the same, because the config asks for it. Where it does not, the scan has left them out. */
export function takenSecrets({ includeSecrets, secrets }: Config): (path: string) => boolean {
  return secretMatcher(includeSecrets ? secrets : []);
}

/** A test for what no backup takes although a source covers it: what may be a secret, what is no file or link, names that cannot be stored. */
export function leftOutTest({ includeSecrets, secrets }: Config): (path: string, kind: Kind) => boolean {
  const isSecret = secretMatcher(includeSecrets ? [] : secrets);
  return (path, kind) =>
    isSecret(path) ||
    !(kind.isFile() || kind.isSymbolicLink()) ||
    pathProblem(path) !== null ||
    forbiddenPart(path) !== null;
}

type Kind = Pick<fs.Dirent, 'isFile' | 'isSymbolicLink'>;
