import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FINDINGS } from '../../src/core/model/finding-codes.ts';
import type { FindingFacts } from '../../src/core/model/finding-codes/finding-facts.ts';
import { diffLive } from '../../src/core/operations/diff.ts';
import { init } from '../../src/core/operations/init.ts';
import { list } from '../../src/core/operations/list.ts';
import { prune } from '../../src/core/operations/prune.ts';
import { report } from '../../src/core/operations/report.ts';
import { isRoot } from '../support/other-user.ts';
import { context } from '../support/real-backup.ts';
import { rewriteManifest } from '../support/rewrite-backup.ts';
import { expectSentence } from '../support/sentence.ts';
import { CHAIN } from './findings/chain-cases.ts';
import { PROJECT } from './findings/project-cases.ts';
import { REGISTRIES } from './findings/registry-cases.ts';
import { REMOTES } from './findings/remote-cases.ts';
import { makeStage, type Stage } from './findings/stage.ts';
import { VERIFY } from './findings/verify-cases.ts';
import { VERSION1, verifyVersion1 } from './findings/version1-cases.ts';

const FACTS = new Map(Object.values(FINDINGS).flatMap((codes) => Object.entries<FindingFacts>(codes)));

/** What brings a code about, in some operation or other. */
const CASES = Map.groupBy(
  [VERIFY, VERSION1, PROJECT, REGISTRIES, CHAIN, REMOTES].flatMap((cases) => Object.entries(cases)),
  ([code]) => code,
);

let made: Stage;
beforeAll(async () => {
  made = await makeStage();
});
afterAll(() => made.removeAll());

test('each code is listed once and says in one sentence each what it means and what to do', () => {
  const listed = Object.values(FINDINGS).flatMap((codes) => Object.keys(codes));
  expect(listed.toSorted()).toEqual([...new Set(listed)].toSorted());
  for (const [code, { meaning, advice }] of FACTS) {
    expect(code).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expectSentence(meaning);
    expectSentence(advice);
  }
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

test('a code of another version is read, and told again', async () => {
  const stage = made.copy();
  const later = { code: 'of-a-later-version', severity: 'error', message: 'not known yet' };
  rewriteManifest(stage.stored(), (manifest) => Object.assign(manifest, { findings: [later] }));
  expect(await stage.verify()).toEqual([later]);
  expect((await report(stage.selected(), stage.project, context)).findings).toEqual([later]);
});

/** A code that nothing brings about any more fails here, and so does a severity that it does not have. */
describe('provoked', () => {
  const listed = [...FACTS].filter(([code]) => isRoot || code !== 'owner-not-set');
  test.each(listed)('%s', async (code, { severity }) => {
    const seen = new Set<string>();
    for (const provoke of (CASES.get(code) ?? []).flatMap(([, provokes]) => provokes)) {
      const findings = await provoke(made.copy());
      const unstated = findings.filter((finding) => !FACTS.get(finding.code)?.severity.includes(finding.severity));
      expect(unstated).toEqual([]);
      const mine = findings.filter((finding) => finding.code === code);
      expect(mine[0], JSON.stringify(findings, null, 1)).toMatchObject({ message: expect.stringMatching(/\S/) });
      for (const finding of mine) seen.add(finding.severity);
    }
    expect([...seen].toSorted()).toEqual(severity.toSorted());
  });
});
