import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAst } from 'vitest/node';

/** One place where a file asks for another module, for its types alone too. */
export interface Import {
  readonly from: string;
  /** `src/…` or, outside of src/, `./…`; a package or a module of Node; null: only the running program knows. */
  readonly to: string | null;
}

/** Files and what they import, paths relative to the root and with `/` everywhere. */
export interface Graph {
  readonly files: readonly string[];
  readonly imports: readonly Import[];
}

const CODE = /\.[cm]?[jt]sx?$/;

/** Reads every file of `<root>/src`. */
export function readGraph(root: string): Graph {
  const found = readdirSync(path.join(root, 'src'), { recursive: true, withFileTypes: true });
  const files = found
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'))
    .toSorted();
  return { files, imports: files.filter((file) => CODE.test(file)).flatMap((file) => importsOf(root, file)) };
}

function importsOf(root: string, from: string): Import[] {
  const specifiers = specifiersOf(readFileSync(path.join(root, from), 'utf8'));
  return specifiers.map((specifier) => ({ from, to: resolve(from, specifier) }));
}

function resolve(from: string, specifier: string | null): string | null {
  if (!specifier?.startsWith('.')) return specifier;
  const file = path.posix.join(path.posix.dirname(from), specifier);
  return file.startsWith('src/') ? file : `./${file}`;
}

interface Node {
  readonly type?: string;
  readonly [key: string]: unknown;
}

/** What the text of a file asks for, in its order: null where an `import()` or the URL of a file beside it is computed. */
export function specifiersOf(text: string): (string | null)[] {
  const specifiers: (string | null)[] = [];
  const see = (node: Node): void => {
    // `import`, `export … from`, `import()` and the type `import('…')`: of all nodes these alone have a source.
    if (isNode(node['source'])) specifiers.push(literal(node['source']));
    const beside = urlBesideThisFile(node);
    // The code of a thread is started by its URL; other files that are read so (package.json) are no modules.
    if (beside !== undefined && (beside === null || CODE.test(beside))) specifiers.push(beside);
  };
  visit(parseAst(text, { lang: 'ts', astType: 'ts' }), see);
  return specifiers;
}

/** The first argument of `new URL(…, import.meta.url)`. */
function urlBesideThisFile(node: Node): string | null | undefined {
  if (node.type !== 'NewExpression') return undefined;
  const [url, base] = Array.isArray(node['arguments']) ? node['arguments'] : [];
  return isNode(base) && isNode(base['object']) && base['object'].type === 'MetaProperty' ? literal(url) : undefined;
}

function literal(node: Node): string | null {
  if (typeof node['value'] === 'string') return node['value'];
  const [quasi, ...more] = Array.isArray(node['quasis']) ? node['quasis'] : [];
  return quasi && more.length === 0 ? quasi.value.cooked : null;
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (!isNode(value)) return;
  if (value.type) see(value);
  for (const child of Object.values(value)) visit(child, see);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}
