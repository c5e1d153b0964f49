import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { compareTrees } from '../support/compare-trees.ts';
import { eachSampleProject } from '../support/each-sample-project.ts';
import { cleanEnvironment, cliCommand, runCli } from '../support/run-cli.ts';
import { schemaViolations } from '../support/schemas.ts';

const OURS = ['backups', '.migbackup', 'migrate.mjs'];

/** A migration as teams write them: reads the database, writes JSON, deletes what it read. `end` is how it ends. */
const MIGRATION = (end: string): string => `
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync, appendFileSync } from 'node:fs';
mkdirSync('deployments/unified/new', { recursive: true });
writeFileSync('deployments/unified/new/all "in one" 😀.json', '{}');
renameSync('deployments/mainnet', 'deployments/moved');
appendFileSync('package.json', ' ');
rmSync('scripts/utils', { recursive: true });
rmSync('leveldb/CURRENT');
writeFileSync('leveldb/000777.ldb', 'half a table');
${end}
`;

const project = eachSampleProject(OURS);

function migrate(end: string, ...flags: string[]) {
  writeFileSync(path.join(project.root, 'migrate.mjs'), MIGRATION(end));
  return runCli(['guard', ...flags, '--', process.execPath, 'migrate.mjs'], { cwd: project.root });
}

async function migrateJson(end: string, exitCode: number, ...flags: string[]): Promise<Record<string, unknown>> {
  const run = await migrate(end, '--json', ...flags);
  expect(run, run.stderr + run.stdout).toMatchObject({ exitCode });
  const report: Record<string, unknown> = JSON.parse(run.stdout);
  expect(schemaViolations('guard', report)).toEqual([]);
  return report;
}

describe('a migration that fails leaves the tree exactly as before', () => {
  test.each([
    ['by its exit code', 'process.exit(3)', { exitCode: 3, signal: null }],
    ['by a crash', 'throw new Error("half-way")', { exitCode: 1, signal: null }],
    [
      'killed',
      'process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000)',
      { exitCode: null, signal: 'SIGKILL' },
    ],
  ])('%s', async (_how, end, result) => {
    const report = await migrateJson(end, 20);
    expect(report).toMatchObject({ outcome: 'rolled-back', result, external: [] });
    expect(compareTrees(project.before, project.tree())).toEqual([]);
    // What it left is not lost: undo brings it back, and undoing that the state before.
    const id = String(report['safetyBackup']);
    expect((await runCli(['undo', id, '--yes'], { cwd: project.root })).exitCode).toBe(0);
    expect(existsSync(path.join(project.root, 'deployments/moved'))).toBe(true);
    expect((await runCli(['undo', '--yes'], { cwd: project.root })).exitCode).toBe(0);
    expect(compareTrees(project.before, project.tree())).toEqual([]);
  });

  test('when its check fails', async () => {
    const report = await migrateJson('', 20, '--check', 'true', '--check', 'exit 9', '--check', 'touch never');
    expect(report).toMatchObject({ result: { exitCode: 0 }, checks: [{ exitCode: 0 }, { exitCode: 9 }] });
    expect(existsSync(path.join(project.root, 'never'))).toBe(false);
    expect(compareTrees(project.before, project.tree())).toEqual([]);
  });

  test('and --passthrough answers its own exit code', async () => {
    expect((await migrate('process.exit(3)', '--passthrough')).exitCode).toBe(3);
    expect((await migrate('process.kill(process.pid, "SIGTERM")', '--passthrough')).exitCode).toBe(143);
    expect(compareTrees(project.before, project.tree())).toEqual([]);
  });

  test('also where it made the first files of a category', async () => {
    rmSync(path.join(project.root, 'deployments/unified'), { recursive: true });
    rmSync(path.join(project.root, 'schemas'), { recursive: true });
    project.beginHere();
    const end = `mkdirSync('deployments-test'); writeFileSync('deployments-test/a.json', '{}');
mkdirSync('schemas'); writeFileSync('schemas/a.json', '{}'); writeFileSync('NEW.md', ''); process.exit(1)`;
    const report = await migrateJson(end, 20);
    expect(report['outside']).toEqual([]);
    expect(compareTrees(project.before, project.tree())).toEqual([]);
  });

  test('when a process that it left behind still writes', async () => {
    const orphan = `
import { spawn } from 'node:child_process';
const code = 'setInterval(() => require("node:fs").writeFileSync("deployments/late.json", String(Math.random())), 5)';
spawn(process.execPath, ['-e', code], { detached: true, stdio: 'ignore' }).unref();
setTimeout(() => process.exit(1), 300);`;
    await migrateJson(orphan, 20);
    expect(compareTrees(project.before, project.tree())).toEqual([]);
    await sleep(100);
    expect(compareTrees(project.before, project.tree())).toEqual([]);
  });
});

test('a migration that succeeds stays, and undo takes it back exactly', async () => {
  const report = await migrateJson('', 0);
  expect(report).toMatchObject({ outcome: 'succeeded', result: { exitCode: 0 }, next: ['migbackup undo'] });
  expect(report['changes']).toMatchObject({
    'unified-json': { added: 1 },
    configs: { changed: 1 },
    scripts: { removed: 1 },
  });
  expect(existsSync(path.join(project.root, 'deployments/moved'))).toBe(true);
  expect((await runCli(['undo', '--yes'], { cwd: project.root })).exitCode).toBe(0);
  expect(compareTrees(project.before, project.tree())).toEqual([]);
});

test('the command has the terminal, its own words, and the backup in its environment; --json keeps stdout for itself', async () => {
  const code = 'console.log("out", process.argv[1], process.env.MIGBACKUP_ID, process.env.MIGBACKUP_DIR)';
  const plain = await runCli(['guard', '--', process.execPath, '-e', code, '--', '--json'], { cwd: project.root });
  expect(plain.exitCode).toBe(0);
  const [id] = readdirSync(path.join(project.root, 'backups')).filter((name) => name.startsWith('migration-'));
  expect(plain.stdout).toBe(`out --json ${id} ${path.join(project.root, 'backups', id ?? '')}\n`);
  const json = await runCli(['guard', '--json', '--', process.execPath, '-e', code], { cwd: project.root });
  expect(JSON.parse(json.stdout)).toMatchObject({ outcome: 'succeeded', paths: [] });
  expect(json.stderr).toContain('out ');
});

describe('transactions that were sent to a chain do not go back', () => {
  const SENT = 'writeFileSync(".openzeppelin/mainnet.json", "{}"); process.exit(1)';

  test('so their records are kept unless somebody says otherwise', async () => {
    const report = await migrateJson(SENT, 21);
    expect(report).toMatchObject({ outcome: 'kept', external: ['.openzeppelin/mainnet.json'] });
    expect(readFileSync(path.join(project.root, '.openzeppelin/mainnet.json'), 'utf8')).toBe('{}');
    expect((await runCli(['undo', '--yes'], { cwd: project.root })).exitCode).toBe(0);
    expect(compareTrees(project.before, project.tree())).toEqual([]);
  });

  test('--on-failure restore goes back all the same', async () => {
    await migrateJson(SENT, 20, '--on-failure', 'restore');
    expect(compareTrees(project.before, project.tree())).toEqual([]);
  });
});

test('--on-failure keep keeps; what no category covers is named', async () => {
  const report = await migrateJson('writeFileSync("notes.txt", "x"); process.exit(1)', 21, '--on-failure', 'keep');
  expect(report).toMatchObject({ outcome: 'kept', outside: ['notes.txt'] });
});

test('create and verify inside the command do not deadlock', async () => {
  const bin = JSON.stringify(cliCommand());
  const code = `const { spawnSync } = require('node:child_process'); const [bin, ...lead] = ${bin};
for (const word of ['create', 'verify']) { const r = spawnSync(bin, [...lead, word], { stdio: 'inherit' }); if (r.status !== 0) process.exit(r.status); }`;
  const run = await runCli(['guard', '--', process.execPath, '-e', code], { cwd: project.root });
  expect(run.exitCode, run.stderr).toBe(0);
  const nested = [...cliCommand(), 'guard', '--', 'true'];
  const [program = '', ...args] = nested;
  const inner = await runCli(['guard', '--', program, ...args], { cwd: project.root });
  expect(inner).toMatchObject({ exitCode: 20 });
  expect(inner.stderr).toContain('LOCKED');
});

test('a command that cannot be started is refused before anything is done', async () => {
  for (const program of ['no-such-program-anywhere', '/etc', './package.json']) {
    const run = await runCli(['guard', '--json', '--', program], { cwd: project.root });
    expect(run.exitCode, program).toBe(2);
    expect(existsSync(path.join(project.root, 'backups'))).toBe(false);
  }
  expect((await runCli(['guard'], { cwd: project.root })).exitCode).toBe(2);
});

test('what a link hides is said before the command runs and counts as not covered', async () => {
  renameSync(path.join(project.root, 'leveldb'), path.join(project.outside, 'elsewhere'));
  symlinkSync(path.join(project.outside, 'elsewhere'), path.join(project.root, 'leveldb'));
  const run = await runCli(['guard', '--', 'false'], { cwd: project.root });
  expect(run.stderr).toMatch(/! leveldb is a link: the link is stored, but not what it points to/);
  expect(JSON.parse((await runCli(['verify', '--json'], { cwd: project.root })).stdout)).toMatchObject({
    status: 'WARNING',
  });
  const { answers } = JSON.parse((await runCli(['report', '--json'], { cwd: project.root })).stdout);
  expect(answers.coverage.yes).toBe(false);
});

test('where the way back is gone, it says so and exits 7', async () => {
  const run = await migrate('rmSync("backups", { recursive: true }); process.exit(1)', '--json');
  expect(run.exitCode).toBe(7);
  const { error } = JSON.parse(run.stdout);
  expect(error).toMatchObject({
    code: 'WAY_BACK_FAILED',
    message: expect.stringMatching(/^the backup migration-.* is not in its place any more/),
  });
  // A line that cannot work is no way on.
  expect(error.hint).not.toContain('migbackup restore');
});

test.each([
  ['damaged', 'printf x >> "$MIGBACKUP_DIR/docs.tar.zst"', /does not verify: docs\.tar\.zst/, ['verify', 'create']],
  ['without its manifest', 'rm "$MIGBACKUP_DIR/BACKUP_MANIFEST.json"', /BACKUP_MANIFEST\.json is missing/, ['verify']],
  ['gone', 'rm -r "$MIGBACKUP_DIR"', /migration-\S+ is not in its place any more/, ['undo', 'create']],
])('a command that succeeds and leaves the backup %s: both are said, and no line that would fail', async (...given) => {
  const [, script, why, lines] = given;
  const run = (...args: string[]) => runCli(['guard', ...args, '--', 'sh', '-c', script], { cwd: project.root });
  const json = await run('--json');
  expect(json.exitCode, json.stdout).toBe(0);
  const report: { findings: { code: string; message: string; recommendation?: string }[] } = JSON.parse(json.stdout);
  expect(schemaViolations('guard', report)).toEqual([]);
  expect(report).toMatchObject({ outcome: 'succeeded', paths: [], next: [] });
  const lost = report.findings.find(({ code }) => code === 'way-back-lost');
  expect(lost?.message).toMatch(/^before the command ran, the backup verified; now /);
  expect(lost?.message).toMatch(why);
  for (const line of lines) expect(lost?.recommendation).toContain(`migbackup ${line}`);
  expect(JSON.stringify(report.findings)).not.toContain('Nothing was changed');

  const words = (await run()).stderr.replaceAll(/\s+/g, ' ');
  expect(words).toMatch(/succeeded the changes stay; the way back is lost backup migration-/);
  expect(words).not.toMatch(/Take it back|changed nothing|kept migration/);
  const kept = await run('--on-failure', 'keep', '--check', 'false');
  expect(kept.exitCode).toBe(21);
  expect(kept.stderr).toContain('everything is as it left it; the way back is lost');
  expect(kept.stderr).not.toContain('Go back');
});

test('where the command moved the backups, the line that brings everything back names where they are', async () => {
  const run = await migrate('renameSync("backups", "old backups"); process.exit(1)', '--json');
  expect(run.exitCode).toBe(7);
  const { error } = JSON.parse(run.stdout);
  expect(error.hint).toMatch(/^A backup of that name is in .*old backups. Run: migbackup restore migration-/);
  const [, line = ''] = /Run: migbackup (.*)$/.exec(error.hint) ?? [];
  const [program, ...leading] = cliCommand();
  const words = [program, ...leading].map((word) => `'${word}'`).join(' ');
  execFileSync('sh', ['-c', `${words} ${line} --yes`], { cwd: project.root, env: cleanEnvironment() });
  expect(compareTrees(project.before, project.tree()).filter((each) => !each.includes('old backups'))).toEqual([]);
});

test.skipIf(process.platform === 'win32')(
  'what the command left is said also where it moved the backups, and something beside them cannot be looked into',
  async () => {
    symlinkSync('loop', path.join(project.root, 'loop'));
    const away = path.join(project.outside, 'away');
    const run = await migrate(`renameSync("backups", ${JSON.stringify(away)}); process.exit(1)`, '--json');
    expect(run.exitCode).toBe(7);
    const { error } = JSON.parse(run.stdout);
    expect(error.message).toContain('is not in its place any more');
    // Nothing is made in its place, so that it can be brought back there.
    expect(existsSync(path.join(project.root, 'backups'))).toBe(false);
    renameSync(away, path.join(project.root, 'backups'));
    const undone = await runCli(['undo', '--yes'], { cwd: project.root });
    expect(undone, undone.stderr).toMatchObject({ exitCode: 0 });
    rmSync(path.join(project.root, 'loop'));
    expect(compareTrees(project.before, project.tree())).toEqual([]);
  },
);

test.skipIf(process.platform !== 'linux')(
  'what guard says about a name that no backup can hold names no flag that guard lacks',
  async () => {
    execFileSync('sh', ['-c', String.raw`printf x > "$(printf 'deployments/n\377')"`], { cwd: project.root });
    const run = await runCli(['guard', '--', 'true'], { cwd: project.root });
    expect(run.exitCode).toBe(5);
    expect(run.stderr).toContain('migbackup create --allow-partial leaves it out');
  },
);

test('that git could remove the backups is said before the command begins', async () => {
  execFileSync('git', ['init', '--quiet'], { cwd: project.root });
  const says = 'console.log("begun")';
  const run = await runCli(['guard', '--', process.execPath, '-e', says], { cwd: project.root });
  const told = /git does not track the backups: git clean -fd would delete them, and git stash -u would take them away/;
  expect(run.stderr.replaceAll(/\s+/g, ' ')).toMatch(told);
  expect(run.stderr.replaceAll(/\s+/g, ' ')).toMatch(/outside of the work tree: --backups \.\.\/\S+-backups\./);
  expect(run.stderr.indexOf('git does not track')).toBeLessThan(run.stderr.indexOf('is taken and verified; running'));
  const below = path.join(project.root, 'a', 'b');
  mkdirSync(below, { recursive: true });
  const inside = await runCli(['guard', '--', process.execPath, '-e', says], { cwd: below });
  expect(inside.stderr.replaceAll(/\s+/g, ' ')).toMatch(/work tree: --backups \.\.\/\.\.\/\.\.\/[^\s/]+-backups\./);
  const elsewhere = ['--backups', path.join(project.outside, 'backups')];
  const away = await runCli(['guard', ...elsewhere, '--', process.execPath, '-e', says], { cwd: project.root });
  expect(away.stderr).not.toContain('git clean');
});

test('a signal is passed on, and everything is brought back', async () => {
  writeFileSync(
    path.join(project.root, 'migrate.mjs'),
    MIGRATION('writeFileSync("ready", ""); setInterval(() => {}, 1000);'),
  );
  const [program, ...leading] = cliCommand();
  const child = spawn(program, [...leading, 'guard', '--', process.execPath, 'migrate.mjs'], { cwd: project.root });
  while (!existsSync(path.join(project.root, 'ready'))) await sleep(10);
  child.kill('SIGTERM');
  const [exitCode] = await once(child, 'exit');
  expect(exitCode).toBe(20);
  rmSync(path.join(project.root, 'ready'));
  expect(compareTrees(project.before, project.tree())).toEqual([]);
});

test('a guard that is killed is remembered: list says so, undo goes back', async () => {
  const forget = 'writeFileSync("ready", ""); setTimeout(() => {}, 60_000);';
  writeFileSync(path.join(project.root, 'migrate.mjs'), MIGRATION(forget));
  const [program, ...leading] = cliCommand();
  const child = spawn(program, [...leading, 'guard', '--', process.execPath, 'migrate.mjs'], { cwd: project.root });
  while (!existsSync(path.join(project.root, 'ready'))) await sleep(10);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const listed = JSON.parse((await runCli(['list', '--json'], { cwd: project.root })).stdout);
  expect(listed.findings).toMatchObject([{ code: 'guard-interrupted' }]);
  const validated = JSON.parse((await runCli(['validate', '--json'], { cwd: project.root })).stdout);
  expect(validated.checks).toContainEqual(expect.objectContaining({ id: 'guard', status: 'warning' }));
  const [, pid] = /still runs \(pid (\d+)\)/.exec(listed.findings[0].message) ?? [];
  process.kill(Number(pid), 'SIGKILL');
  const recovered = JSON.parse((await runCli(['recover', '--json'], { cwd: project.root })).stdout);
  expect(recovered.guard.command).toEqual([process.execPath, 'migrate.mjs']);
  expect((await runCli(['undo', '--yes'], { cwd: project.root })).exitCode).toBe(0);
  rmSync(path.join(project.root, 'ready'));
  expect(compareTrees(project.before, project.tree())).toEqual([]);
});

/** Runs a guard whose command destroys something and waits, and kills both. */
async function killGuard(): Promise<void> {
  const script =
    "const fs = require('fs'); fs.rmSync('scripts/utils', { recursive: true }); fs.writeFileSync('ready', ''); setTimeout(() => {}, 60_000);";
  const [program, ...leading] = cliCommand();
  const child = spawn(program, [...leading, 'guard', '--', process.execPath, '-e', script], { cwd: project.root });
  while (!existsSync(path.join(project.root, 'ready'))) await sleep(10);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const listed = (await runCli(['list', '--json'], { cwd: project.root })).stdout;
  const [, pid] = /still runs \(pid (\d+)\)/.exec(listed) ?? [];
  process.kill(Number(pid), 'SIGKILL');
  rmSync(path.join(project.root, 'ready'));
}

test('a guard that was killed is said and logged by the next guard: undo goes back to before the first', async () => {
  await killGuard();
  const next = await runCli(['guard', '--', 'true'], { cwd: project.root });
  expect(next).toMatchObject({ exitCode: 0 });
  expect(next.stderr).toContain('was killed while it guarded');
  expect(await runCli(['undo', '--yes'], { cwd: project.root })).toMatchObject({ exitCode: 0 });
  expect(compareTrees(project.before, project.tree())).toEqual([]);
});

test('undo --dry-run knows of a guard that was killed, and undo does what it planned', async () => {
  await killGuard();
  const planned = await runCli(['undo', '--dry-run', '--json'], { cwd: project.root });
  expect(planned).toMatchObject({ exitCode: 0 });
  const { plan, undone } = JSON.parse(planned.stdout);
  expect(undone).toMatchObject({ operation: 'guard' });
  expect(await runCli(['undo', '--plan', plan.hash], { cwd: project.root })).toMatchObject({ exitCode: 0 });
  expect(compareTrees(project.before, project.tree())).toEqual([]);
});

test.each([
  ['fails', 3, 20],
  ['succeeds', 0, 0],
])('a command that takes .migbackup away and %s ends as any other', async (_how, own, exitCode) => {
  const report = await migrateJson(`rmSync('.migbackup', { recursive: true }); process.exit(${own})`, exitCode);
  expect(report).toMatchObject({ result: { exitCode: own } });
  if (own === 0) expect((await runCli(['undo', '--yes'], { cwd: project.root })).exitCode).toBe(0);
  expect(compareTrees(project.before, project.tree())).toEqual([]);
});

test('a chain record that was removed is no proof of a transaction: it is brought back', async () => {
  const report = await migrateJson("rmSync('.openzeppelin', { recursive: true }); process.exit(1)", 20);
  expect(report).toMatchObject({ outcome: 'rolled-back', external: [] });
  expect(compareTrees(project.before, project.tree())).toEqual([]);
});

test('a package.json that the command left half-written keeps nobody from bringing the database back', async () => {
  const report = await migrateJson("writeFileSync('package.json', '{\"name\": \"ha'); process.exit(1)", 20);
  expect(report).toMatchObject({ outcome: 'rolled-back' });
  expect(compareTrees(project.before, project.tree())).toEqual([]);
});
