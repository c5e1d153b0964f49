import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diffLive } from '../../src/core/operations/diff.ts';
import { init } from '../../src/core/operations/init.ts';
import { list } from '../../src/core/operations/list.ts';
import { prune } from '../../src/core/operations/prune.ts';
import { isRoot } from '../support/other-user.ts';
import { context } from '../support/real-backup.ts';
import { PROJECT } from './findings/project-cases.ts';
import { makeStage, type Stage } from './findings/stage.ts';
import { VERIFY } from './findings/verify-cases.ts';
import { VERSION1, verifyVersion1 } from './findings/version1-cases.ts';

/** Every kind of finding that there is: something real brings it about, and where all is well there is none. */
const CASES = [
  ...Object.entries(VERIFY),
  ...Object.entries(VERSION1).map(([code, provoke]) => [code, provoke] as const),
  ...Object.entries(PROJECT),
];

let made: Stage;
beforeAll(async () => {
  made = await makeStage();
});
afterAll(() => made.removeAll());

/** The codes that the source gives findings: what stands behind `code:`, in a constant, or first in a call of a helper that makes one. */
function codesInSource(): string[] {
  const core = path.join(import.meta.dirname, '../../src/core');
  const forms = [
    /\bcode: '([a-z0-9]+(?:-[a-z0-9]+)+)'/g,
    /\b(?:find|wrong|warn|say)\(\s*(?:'(?:info|warning)',\s*)?'([a-z0-9]+(?:-[a-z0-9]+)+)'/g,
    /\bconst [A-Z_]+ = '((?!sha)[a-z]+(?:-[a-z]+)+)';/g,
  ];
  const files = fs.readdirSync(core, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const texts = files.map((name) => fs.readFileSync(path.join(core, name), 'utf8'));
  const found = texts.flatMap((text) =>
    forms.flatMap((form) => [...text.matchAll(form)].map(([, code]) => code ?? '')),
  );
  return [...new Set(found)].toSorted();
}

test('each code that the source can produce has a case, and each case is of such a code', () => {
  const cases = new Set(CASES.map(([code]) => code));
  const known = codesInSource();
  expect(known.length).toBeGreaterThan(50);
  expect(known.filter((code) => !cases.has(code) && (isRoot || code !== 'owner-not-set'))).toEqual([]);
  expect([...cases].filter((code) => !known.includes(code))).toEqual([]);
});

test('where all is well nothing is found', async () => {
  const stage = made.copy();
  const confirm = () => Promise.resolve(true);
  const policy = { keepLast: 1, keepSafety: 0 };
  fs.writeFileSync(stage.inside('docs/a.md'), 'changed');
  const found = {
    restore: (await stage.restore()).findings,
    create: (await stage.create()).findings,
    zstd: await stage.verify(stage.zstd, { rehearse: true }),
    plain: await stage.verify(stage.plain, { rehearse: true }),
    init: (await init(stage.root, { env: {} }, context)).findings,
    diff: (await diffLive(stage.project, stage.selected(), context)).findings,
    list: (await list(stage.project, {}, context)).findings,
    prune: (await prune(stage.project, { policy, dryRun: true, confirm }, context)).findings,
    version1: await verifyVersion1(made.copy(), () => {}),
  };
  expect(Object.entries(found).filter(([, findings]) => findings.length > 0)).toEqual([]);
});

describe('provoked', () => {
  test.each(CASES)('%s', async (code, provoke) => {
    const findings = await provoke(made.copy());
    const [found] = findings.filter((finding) => finding.code === code);
    expect(found, JSON.stringify(findings, null, 1)).toMatchObject({ message: expect.stringMatching(/\S/) });
  });
});
