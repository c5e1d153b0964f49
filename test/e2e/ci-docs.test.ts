import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { cliCommand } from '../support/run-cli.ts';
import { withReason } from '../support/skipped.ts';
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

const GITHUB = {
  GITHUB_ACTIONS: 'true',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'owner/name',
  GITHUB_RUN_ID: '17',
};

function sh(script: string, cwd: string): void {
  const env = { PATH: `${temp.path}/bin:${process.env['PATH']}`, HOME: temp.path, CI: 'true', ...GITHUB };
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

const lack = spawnSync('jq', ['--version']).status === 0 ? null : 'no jq here';

describe.skipIf(lack !== null)(withReason('the example with attestations', lack), () => {
  const yaml = blocks('ci.md', 'yaml').find((text) => text.includes('actions/attest@')) ?? '';
  const { steps = [], permissions } = jobOf(yaml, 'backup');
  const attest = steps.find(({ uses }) => uses?.startsWith('actions/attest@'));

  /** Runs the steps of the first job that come before the action, and answers with what the action is given. */
  function backUp(): Record<string, string> {
    for (const { run } of steps.slice(0, steps.indexOf(attest ?? {}))) if (run !== undefined) sh(run, root);
    const lines = readFileSync(path.join(temp.path, 'outputs'), 'utf8').trimEnd().split('\n');
    const outputs = Object.fromEntries(lines.map((line) => [line.split('=', 1)[0], line.replace(/^.*?=/, '')]));
    const filled = (text: string): string =>
      text.replaceAll(/\$\{\{ steps\.(\w+)\.outputs\.(\w+) \}\}/g, (all, step: string, name: string) =>
        steps.some(({ id }) => id === step) ? (outputs[name] ?? all) : all,
      );
    return Object.fromEntries(Object.entries(attest?.with ?? {}).map(([name, value]) => [name, filled(String(value))]));
  }

  /** gh, as its manual says that it answers: with the verified attestations of a file that has this digest, otherwise with 1. */
  function storeAttestation(inputs: Record<string, string>, predicate: unknown): void {
    const { 'subject-name': name = '', 'subject-digest': digest = '', 'predicate-type': predicateType = '' } = inputs;
    const subject = [{ name, digest: { sha256: digest.replace(/^sha256:/, '') } }];
    const statement = { _type: 'https://in-toto.io/Statement/v1', subject, predicateType, predicate };
    const stored = path.join(temp.path, `${digest.replace(':', '-')}.json`);
    writeFileSync(stored, JSON.stringify([{ attestation: {}, verificationResult: { statement } }]));
    const script = `exec cat "${temp.path}/sha256-$(sha256sum "$3" | cut -d' ' -f1).json"`;
    writeFileSync(path.join(temp.path, 'bin/gh'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  /** The second job, on a machine that has only the exported file. */
  function wayBack(): string {
    const other = path.join(temp.path, 'another machine');
    mkdirSync(other);
    copyFileSync(path.join(root, 'migbackup.tar'), path.join(other, 'migbackup.tar'));
    for (const command of commands(yaml, 'way-back')) sh(command, other);
    return path.join(other, 'restored');
  }

  test('hands the action the inputs that it has, with the rights that it needs', () => {
    expect(permissions).toEqual({ contents: 'read', 'id-token': 'write', attestations: 'write' });
    expect(jobOf(yaml, 'way-back').permissions).toEqual({ contents: 'read', attestations: 'read' });
    const before = readTree(root);
    const inputs = backUp();
    const name = readdirSync(path.join(root, 'backups')).find((each) => each.startsWith('migration-')) ?? '';
    const list = path.join(root, 'backups', name, 'checksums/ARTIFACTS.sha256');
    expect(inputs).toEqual({
      'subject-name': `${name}/checksums/ARTIFACTS.sha256`,
      'subject-digest': `sha256:${createHash('sha256').update(readFileSync(list)).digest('hex')}`,
      'predicate-type': 'https://in-toto.io/attestation/test-result/v0.1',
      'predicate-path': 'predicate.json',
    });
    const predicate: unknown = JSON.parse(readFileSync(path.join(root, 'predicate.json'), 'utf8'));
    expect(predicate).toMatchObject({ result: 'PASSED', url: 'https://github.com/owner/name/actions/runs/17' });
    const { inToto } = JSON.parse(readFileSync(path.join(root, 'report.json'), 'utf8'));
    expect(predicate).toEqual(inToto.predicate);

    storeAttestation(inputs, predicate);
    for (const { run } of steps.slice(steps.indexOf(attest ?? {}))) if (run !== undefined) sh(run, root);
    expect(compareTrees(before, readTree(wayBack()))).toEqual([]);
  });

  test.each([
    ['an attestation that it FAILED', { result: 'FAILED' }, () => {}],
    ['no attestation of this list', { result: 'PASSED' }, () => sh('npx migbackup create', root)],
  ])('the second job refuses %s', (_what, predicate, meanwhile) => {
    storeAttestation(backUp(), predicate);
    meanwhile();
    sh('npx migbackup export --format tar --output migbackup.tar', root);
    expect(wayBack).toThrow(/^Command failed: sh -ec tar /);
    expect(existsSync(path.join(temp.path, 'another machine/restored'))).toBe(false);
  });

  test('of a backup that is damaged nothing is attested', () => {
    const npx = path.join(temp.path, 'bin/npx');
    const damage = 'case "$2" in report) for list in backups/*/docs.tar.zst; do echo >> "$list"; done;; esac';
    writeFileSync(npx, readFileSync(npx, 'utf8').replace('\n', `\n${damage}\n`));
    expect(backUp).toThrow(/^Command failed: sh -ec npx migbackup report /);
    expect(existsSync(path.join(temp.path, 'outputs'))).toBe(false);
    expect(JSON.parse(readFileSync(path.join(root, 'predicate.json'), 'utf8'))).toMatchObject({ result: 'FAILED' });
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
