import fs from 'node:fs';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import { expect, test } from 'vitest';
import { eachSampleProject } from '../support/each-sample-project.ts';
import { runCli } from '../support/run-cli.ts';
import { schemaViolations } from '../support/schemas.ts';

/** What a migration did, in records of databases and in one file. */

const project = eachSampleProject();
const at = (name: string): string => path.join(project.root, name);
const key = (n: number): string => `deployment:${String(n).padStart(6, '0')}`;

async function run(args: readonly string[], exitCode: number, cwd = project.root): Promise<string> {
  const result = await runCli(args, { cwd });
  expect(result, result.stderr + result.stdout).toMatchObject({ exitCode });
  // oxlint-disable-next-line no-control-regex
  expect(result.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  return result.stdout + result.stderr;
}

async function json(args: readonly string[], exitCode: number): Promise<Record<string, unknown>> {
  const document: Record<string, unknown> = JSON.parse(await run([...args, '--json'], exitCode));
  expect(schemaViolations('diff', document)).toEqual([]);
  return document;
}

test('diff says which records differ, and --content what differs in a file', async () => {
  await run(['create'], 0);
  const level = new ClassicLevel(at('leveldb'));
  await level.open();
  await level.del(key(3));
  await level.put('\u001b[2Jnew', '');
  await level.close();
  fs.writeFileSync(at('README.md'), 'not this\u001b[31m\u202e\n');

  const text = await run(['diff', '--exit-code'], 4);
  expect(text.replaceAll(/\s+/g, ' ')).toContain(
    `leveldb: 1 record removed, 1 added: removed ${key(3)}; added \\x1b[2Jnew`,
  );
  expect(await json(['diff', '--only', 'leveldb'], 0)).toMatchObject({
    databases: [{ path: 'leveldb', records: { added: 1, removed: 1, changed: 0 }, moreChanges: 0, problem: null }],
  });

  expect(await run(['diff', '--content', 'README.md', '--exit-code'], 4)).toContain(
    String.raw`+not this\x1b[31m\u{202e}`,
  );
  expect(await json(['diff', '--content', 'README.md'], 0)).toMatchObject({
    selection: ['README.md'],
    content: { path: 'README.md', as: 'text', same: false, firstDifference: { line: 1 } },
  });
  await run(['diff', '--content', 'package.json', '--exit-code'], 0);
  expect(await run(['diff', '--content', 'nothing.md'], 2)).toContain('--content nothing.md matches nothing');
  expect(await run(['diff', '--content', 'README.md', '--only', 'leveldb'], 2)).toContain('exclude each other');

  // The line works as it stands, from the folder where it was given.
  const said = await run(['diff', '--content', '../leveldb'], 0, at('scripts'));
  const line = /run:\s+migbackup (db diff .*)/.exec(said)?.[1] ?? '';
  expect(await run(line.split(' '), 0, at('scripts'))).toContain('1 added, 1 removed, 0 changed, 199 the same');
});
