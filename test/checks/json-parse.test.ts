import { expect, test } from 'vitest';
import { checkJson } from '../../src/core/checks/json-parse.ts';
import type { Finding } from '../../src/core/model/finding.ts';

function check(content: string | Buffer, file = 'x.json'): Finding[] {
  const findings: Finding[] = [];
  const entry = {
    category: 'c',
    source: 's',
    path: file,
    type: 'file',
    size: 0,
    mode: 0o644,
    mtimeNs: 0n,
    uid: 0,
    gid: 0,
  } as const;
  checkJson(entry, Buffer.from(content), (finding) => findings.push(finding));
  return findings;
}

test.each([['{}'], ['[1, 2]'], ['"text"'], ['null'], ['\uFEFF{"bom": true}'], [' \r\n{}\n']])(
  '%j is fine',
  (content) => {
    expect(check(content)).toEqual([]);
  },
);

test.each([['{'], ['{"a": 1,}'], [''], ['// x\n{}'], ['<<<<<<< HEAD\n{}'], ['{}\u0000']])(
  '%j is a finding',
  (content) => {
    expect(check(content)).toMatchObject([
      { code: 'invalid-json', severity: 'warning', path: 'x.json', category: 'c', source: 's' },
    ]);
  },
);

test.each(['tsconfig.json', 'packages/a/tsconfig.build.json', 'jsconfig.json', '.vscode/settings.json', 'turbo.json'])(
  '%s has comments by definition, and its tool says whether it parses',
  (file) => {
    expect(check('{ // so\n "a": 1, }', file)).toEqual([]);
  },
);

test.each(['my-tsconfig.json', 'deployments/project/a.json', 'vscode/settings.json'])('%s is JSON', (file) => {
  expect(check('{ // so\n}', file)).toHaveLength(1);
});
