import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatSum, isPlainSum, parseSumLine, parseSums, readSums, SumsWriter } from '../../src/core/format/sums.ts';
import { tempFolder } from '../support/temp-folder.ts';

const HASH = 'a'.repeat(64);

test('what is written is read back, whatever the name', () => {
  const name = fc.string({ unit: fc.constantFrom('a', '\\', '\n', '\r', 'n', 'r', ' ', '*', 'é'), minLength: 1 });
  fc.assert(
    fc.property(fc.array(name), (names) => {
      const text = names.map((one) => formatSum(HASH, one)).join('');
      expect(parseSums(text)).toEqual(names.map((one) => ({ sha256: HASH, path: one })));
    }),
  );
});

test('a line that is taken for the plain one of a file says just that', () => {
  const name = fc.string({ unit: fc.constantFrom('a', '\\', 'n', ' ', '*', 'é'), minLength: 1 });
  fc.assert(
    fc.property(name, name, fc.constantFrom('', '\\'), (path, written, mark) => {
      const line = `${mark}${HASH}  ${written}`;
      if (isPlainSum(line, HASH, path)) expect(parseSumLine(line, 'sums', 1)).toEqual({ sha256: HASH, path });
      expect(isPlainSum(`${HASH}  ${path}`, HASH, path)).toBe(true);
    }),
  );
});

test('it is what sha256sum writes, and sha256sum accepts it', async () => {
  using folder = tempFolder();
  const names = ['plain', 'two words', 'back\\slash', 'new\nline', 're\rturn', '\\n', 'ü', '\\\\x'];
  for (const name of names) writeFileSync(path.join(folder.path, name), `content of ${name}`);
  const file = path.join(folder.path, 'SUMS');
  const writer = new SumsWriter(file);
  for (const name of names) writer.add(createHash('sha256').update(`content of ${name}`).digest('hex'), name);
  const done = await writer.finish();
  const theirs = execFileSync('sha256sum', ['--', ...names], { cwd: folder.path, encoding: 'utf8' });
  expect(readFileSync(file, 'utf8')).toBe(theirs);
  execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SUMS'], { cwd: folder.path });
  expect([...readSums(file)].map((sum) => sum.path)).toEqual(names);
  expect(done).toEqual({ entries: names.length, sha256: createHash('sha256').update(theirs).digest('hex') });
});

test.each(['x', `${HASH}  a`, `${HASH} a\n`, `\\${HASH}  a\\x\n`, `\\${HASH}  a\\\n`, '\n'])(
  '%j is damaged',
  (text) => {
    expect(() => parseSums(text)).toThrow(expect.objectContaining({ code: 'BACKUP_DAMAGED' }));
  },
);
