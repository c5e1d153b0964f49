import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { cliCommand } from '../support/run-cli.ts';
import { makeSampleProject } from '../support/sample-project.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));

/** The fenced blocks of one language in a page. */
function blocks(page: string, language: string): string[] {
  const text = readFileSync(path.join(DOCS, page), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, body]) => body ?? '');
}

/** A workflow of GitHub, or a pipeline of GitLab, as far as the examples use it. */
interface Step {
  readonly id?: string;
  readonly run?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string | number>>;
}
interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
  readonly script?: readonly string[];
}
type Pipeline = Readonly<Record<string, Job>> & { readonly jobs?: Readonly<Record<string, Job>> };

function jobOf(yaml: string, name: string): Job {
  const document: Pipeline = parse(yaml, { strict: true });
  return (document.jobs ?? document)[name] ?? {};
}

/** Commands of a job. */
function commands(yaml: string, name: string): string[] {
  const { steps = [], script = [] } = jobOf(yaml, name);
  return [...script, ...steps.flatMap(({ run }) => run ?? [])];
}

let temp: TempFolder;
let root: string;
beforeEach(async () => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  await makeSampleProject(root);
  mkdirSync(path.join(temp.path, 'bin'));
  // npx and npm as a runner has them, with this migbackup installed.
  const [program, ...leading] = cliCommand();
  const bin = (name: string, script: string): void => {
    writeFileSync(path.join(temp.path, 'bin', name), `#!/bin/sh\n${script}\n`);
    chmodSync(path.join(temp.path, 'bin', name), 0o755);
  };
  bin('npx', `[ "$1" = migbackup ] && shift && exec "${[program, ...leading].join('" "')}" "$@"`);
  bin('npm', 'case "$*" in "run migrate") rm -r leveldb && echo "{}" > deployments/migrated.json;; esac');
});
afterEach(() => temp[Symbol.dispose]());

function sh(script: string, cwd: string): void {
  const env = { PATH: `${temp.path}/bin:${process.env['PATH']}`, HOME: temp.path, CI: 'true' };
  const files = {
    GITHUB_STEP_SUMMARY: path.join(temp.path, 'summary.md'),
    GITHUB_OUTPUT: path.join(temp.path, 'outputs'),
  };
  execFileSync('sh', ['-ec', script], { cwd, env: { ...env, ...files }, stdio: 'pipe' });
}

describe.each(['GitHub Actions', 'GitLab'])('the example for %s', (host) => {
  test('backs up, exports and migrates; the file restores where nothing else is', () => {
    const yaml = blocks('ci.md', 'yaml')[host === 'GitLab' ? 1 : 0] ?? '';
    const before = readTree(root);
    const first = commands(yaml, 'migrate');
    expect(first.length).toBeGreaterThanOrEqual(6);
    for (const command of first) sh(command, root);
    expect(existsSync(path.join(root, 'leveldb'))).toBe(false);
    expect(JSON.parse(readFileSync(path.join(root, 'verify.json'), 'utf8'))).toMatchObject({ status: 'PASSED' });

    const other = path.join(temp.path, 'another machine');
    mkdirSync(other);
    copyFileSync(path.join(root, 'migbackup.tar'), path.join(other, 'migbackup.tar'));
    const second = commands(yaml, 'way-back');
    expect(second).toHaveLength(3);
    for (const command of second) sh(command, other);
    expect(compareTrees(before, readTree(path.join(other, 'restored')))).toEqual([]);
    if (host === 'GitLab') return;
    const summary = readFileSync(path.join(temp.path, 'summary.md'), 'utf8');
    expect(summary).toMatch(/All state covered\? \| yes[^]*Verified in full\? \| yes[^]*Rehearsed\? \| yes/);
    expect(summary).toContain('Way back tested? | **no**');
  });
});

test('the approved plan is carried out', () => {
  const before = readTree(root);
  sh('npx migbackup create', root);
  writeFileSync(path.join(root, 'README.md'), 'changed');
  const [, plan = ''] = blocks('ci.md', 'sh');
  expect(plan).toContain('--plan');
  sh(plan, root);
  expect(compareTrees(before, readTree(root, ['backups', '.migbackup']))).toEqual([]);
});

test('a runner that dies loses nothing', () => {
  const before = readTree(root);
  const config = JSON.stringify({ project: 'sample', remotes: { offsite: { url: `file://${temp.path}/disk` } } });
  writeFileSync(path.join(root, 'migbackup.config.json'), config);
  sh('npx migbackup remote init offsite', root);
  const [guard = ''] = blocks('ci.md', 'sh');
  expect(guard).toContain('guard --push');
  sh(guard, root);
  expect(existsSync(path.join(root, 'leveldb'))).toBe(false);
  // The runner is gone; another one has a checkout.
  const other = path.join(temp.path, 'another runner');
  mkdirSync(other);
  writeFileSync(path.join(other, 'migbackup.config.json'), config);
  const line =
    /`(npx migbackup restore [^`]*--remote [^`]*)`/.exec(readFileSync(path.join(DOCS, 'ci.md'), 'utf8'))?.[1] ?? '';
  expect(line).toContain('--remote NAME');
  sh(line.replace('NAME', 'offsite'), other);
  expect(compareTrees(before, readTree(other, ['backups', '.migbackup', 'migbackup.config.json']))).toEqual([]);
});

test('the page about documents names every schema that a command prints', () => {
  const text = readFileSync(path.join(DOCS, 'cli-json.md'), 'utf8');
  const schemas = readdirSync(new URL('../../schemas/', import.meta.url));
  const documents = schemas.filter((name) => !['config.json', 'manifest.json'].includes(name));
  expect(documents.filter((name) => !text.includes(name))).toEqual([]);
});
