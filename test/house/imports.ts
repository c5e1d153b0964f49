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

/** What the text of a file asks for, in its order: null where no rule can read it, since only the running program knows the name. */
export function specifiersOf(text: string): (string | null)[] {
  const specifiers: (string | null)[] = [];
  const see = (node: Node): boolean => {
    // `import`, `export … from`, `import()` and the type `import('…')`: of all nodes these alone have a source.
    if (isNode(node['source'])) specifiers.push(literal(node['source']));
    const beside = urlBesideThisFile(node);
    // The code of a thread is started by its URL; other files that are read so (package.json) are no modules.
    if (beside !== undefined && (beside === null || CODE.test(beside.replace(/[?#].*/, '')))) specifiers.push(beside);
    const loaded = beside === undefined ? loadedOtherwise(node) : undefined;
    if (loaded !== undefined) specifiers.push(loaded);
    return beside === undefined && loaded === undefined;
  };
  visit(parseAst(text, { lang: 'ts', astType: 'ts' }), see);
  return specifiers;
}

/** The first argument of `new URL(…, import.meta.url)`. */
function urlBesideThisFile(node: Node): string | null | undefined {
  if (node.type !== 'NewExpression' || nameOf(node['callee']) !== 'URL') return undefined;
  const [url, base] = argumentsOf(node);
  return isNode(base) && isNode(base['object']) && base['object'].type === 'MetaProperty' ? literal(url) : undefined;
}

/** Other ways to a module: Node's own loader by its name, and whatever can be given a path that is made from the place of this file. */
function loadedOtherwise(node: Node): string | null | undefined {
  const [first] = argumentsOf(node);
  const callee = nameOf(node['callee']);
  if (node.type === 'CallExpression' && callee === 'getBuiltinModule') return isNode(first) ? literal(first) : null;
  // A method may be called `require` too.
  const requires = isNode(node['callee']) && node['callee']['name'] === 'require';
  if (node.type === 'CallExpression' && (requires || callee === 'createRequire')) return null;
  if (node.type === 'NewExpression' && callee?.endsWith('Worker') === true && isText(first)) return null;
  if (node.type === 'TSImportEqualsDeclaration' || node.type === 'MetaProperty') return null;
  if (node.type === 'TSModuleDeclaration' && isNode(node['id']) && node['id'].type === 'Literal') return null;
  return undefined;
}

/** `x` of `x` and of `y.x`. */
function nameOf(callee: unknown): string | undefined {
  if (!isNode(callee)) return undefined;
  const { name, property } = callee;
  return typeof name === 'string' ? name : nameOf(property);
}

function argumentsOf(node: Node): Node[] {
  return Array.isArray(node['arguments']) ? node['arguments'] : [];
}

function isText(node: unknown): boolean {
  return isNode(node) && /^(?:Literal|TemplateLiteral|BinaryExpression)$/.test(node.type ?? '');
}

function literal(node: unknown): string | null {
  if (!isNode(node)) return null;
  if (typeof node['value'] === 'string') return node['value'];
  const [quasi, ...more] = Array.isArray(node['quasis']) ? node['quasis'] : [];
  return quasi && more.length === 0 ? quasi.value.cooked : null;
}

/** @param see answers whether to look inside as well */
function visit(value: unknown, see: (node: Node) => boolean): void {
  if (!isNode(value) || (value.type && !see(value))) return;
  for (const child of Object.values(value)) visit(child, see);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}
