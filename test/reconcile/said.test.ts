import { expect, test } from 'vitest';
import { renderReconcile } from '../../src/cli/render/reconcile.ts';
import { paint } from '../../src/cli/render/style.ts';
import { notFound, OldState } from '../support/old-state.ts';

const RECORDS = Object.fromEntries(
  Array.from({ length: 6 }, (_, at) => [`K${at}x`, { owner: `0x${String(at).padStart(40, 'e')}`, limit: 5000 + at }]),
);
const linesOf = async (old: OldState, glob: string): Promise<string> =>
  renderReconcile(await old.reconcile({ in: [glob] }), paint(process.stdout)).join('\n');

test('a glob that matches nothing is said in a line of its own', async () => {
  using old = await OldState.of(RECORDS);
  expect(await linesOf(old, 'nowhere/*.json')).toContain('\n  --in matches no file and no database.\n');
  old.put('data/all.json', RECORDS);
  expect(await linesOf(old, 'data/*.json')).not.toContain('matches no');
});

test('records that nothing ties to their places are said as that', async () => {
  using old = await OldState.of(RECORDS);
  old.put('data/all.json', Object.values(RECORDS));
  expect(await linesOf(old, 'data/*.json')).toContain('nothing says that the places are');
});

test('an empty list that is filled now is still there', async () => {
  const valueOf = (at: number) => ({ name: `Person number ${at}`, tags: at % 2 === 0 ? [] : ['x'] });
  const users = Array.from({ length: 8 }, (_, at) => [`user-${at}`, valueOf(at)] as const);
  using old = await OldState.of(Object.fromEntries(users));
  const made = users.map(
    ([key, { name, tags }], at) => [key, { title: name, tags: at === 2 ? ['new'] : tags }] as const,
  );
  old.put('data/all.json', Object.fromEntries(made));
  expect(notFound(await old.reconcile({ strict: true }))).toEqual({});
});
