import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tempFolder } from '../support/temp-folder.ts';

const script = fileURLToPath(new URL('../../scripts/setup.cjs', import.meta.url));

/** What npm says of one package, as npm 11 writes it. */
const engine = (name: string, required: string) => [
  'npm warn EBADENGINE Unsupported engine {',
  `npm warn EBADENGINE   package: '${name}',`,
  `npm warn EBADENGINE   required: ${required},`,
  `npm warn EBADENGINE   current: { node: 'v20.20.2', npm: '11.19.1' }`,
  'npm warn EBADENGINE }',
];
const LONG = [
  '{',
  `npm warn EBADENGINE     node: '^20.19.0 || >=22.12.0',`,
  `npm warn EBADENGINE     npm: '>=99'`,
  'npm warn EBADENGINE   }',
].join('\n');
const ABOUT_NODE = [
  ...engine('migbackup@0.1.0', `{ node: '>=22.18' }`),
  ...engine('npm-of-node@1.0.0', `{ node: '>=22' }`),
  // As npm 9 and older write it.
  ...engine('old@1.0.0', `{ node: '>=22' }`).map((line) => line.replace('warn', 'WARN')),
];
const REAL = [
  'npm warn deprecated thing@1.0.0: not maintained',
  ...engine('needs-npm@1.0.0', `{ node: '>=22', npm: '>=99' }`),
  ...engine('long@1.0.0', LONG),
  'npm warn EBADENGINE something new',
  'npm error code E404',
  // It never ends.
  ...engine('cut@1.0.0', `{ node: '>=22' }`).slice(0, 3),
];

/** Runs a copy of setup.cjs in a folder where nothing is installed, with an npm that writes these lines and ends so. */
function setUp(root: string, node: string, lines: readonly string[], status = 0) {
  mkdirSync(path.join(root, 'scripts'));
  mkdirSync(path.join(root, 'tools/runtime'), { recursive: true });
  mkdirSync(path.join(root, 'node_modules'));
  cpSync(script, path.join(root, 'scripts/setup.cjs'));
  for (const name of ['package.json', 'package-lock.json', 'tools/runtime/package.json'])
    writeFileSync(path.join(root, name), '{ "engines": { "node": ">=22.18" } }');
  writeFileSync(path.join(root, 'said'), `${lines.join('\n')}${status === 0 ? '\n' : ''}`);
  writeFileSync(path.join(root, 'npm'), `#!/bin/sh\ncat '${root}/said' >&2\necho added 1 package\nexit ${status}\n`, {
    mode: 0o755,
  });
  const old = path.join(root, 'old.cjs');
  writeFileSync(old, `Object.defineProperty(process.versions, 'node', { value: '${node}' });`);
  const env = { ...process.env, PATH: `${root}:${process.env['PATH'] ?? ''}` };
  const run = spawnSync(process.execPath, ['-r', old, path.join(root, 'scripts/setup.cjs')], { encoding: 'utf8', env });
  return {
    ...run,
    lines: run.stderr.trimEnd().split('\n'),
    done: existsSync(path.join(root, 'node_modules/.migbackup-setup')),
  };
}

test.skipIf(process.platform === 'win32')('in a Node that is too old npm says nothing of that, and all else', () => {
  using folder = tempFolder();
  const { status, stdout, lines, done } = setUp(folder.path, '20.20.2', [
    ...ABOUT_NODE,
    ...REAL,
    ...ABOUT_NODE,
    ...REAL,
  ]);
  expect({ status, stdout, done }).toEqual({ status: 0, stdout: '', done: true });
  expect(lines.filter((line) => line.startsWith('npm'))).toEqual([...REAL, ...REAL].join('\n').split('\n'));
  expect(lines).toContain('added 1 package');
});

test.skipIf(process.platform === 'win32')('in another Node npm says what it says', () => {
  using folder = tempFolder();
  const { lines } = setUp(folder.path, '22.18.0', ABOUT_NODE);
  expect(lines.filter((line) => line.startsWith('npm'))).toEqual(ABOUT_NODE);
});

test.skipIf(process.platform === 'win32').each(['20.20.2', '22.18.0'])(
  'where npm fails, so does it (Node %s)',
  (node) => {
    using folder = tempFolder();
    // The last line has no end.
    const { status, lines, done } = setUp(folder.path, node, ['npm error code E404'], 3);
    expect({ status, done }).toEqual({ status: 3, done: false });
    expect(lines).toContain('error  npm ci failed, so the dependencies of this checkout are missing');
    expect(lines.join('\n')).toContain('npm error code E404');
  },
);
