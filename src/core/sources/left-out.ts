import picomatch from 'picomatch';

/** Looks like a secret by its name, and is none. */
const HARMLESS = picomatch(['**/.env.example', '**/.env.sample', '**/.env.template'], { dot: true, nocase: true });

/** A test for project-relative paths that the given patterns call secret. */
export function secretMatcher(patterns: readonly string[]): (path: string) => boolean {
  if (patterns.length === 0) return () => false;
  const matches = picomatch([...patterns], { dot: true, nocase: true });
  return (path) => matches(path) && !HARMLESS(path);
}
