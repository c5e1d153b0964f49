import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveProject } from '../../../src/core/config/project.ts';
import type { Project } from '../../../src/core/model/category.ts';
import { create } from '../../../src/core/operations/create.ts';
import { listRemote } from '../../../src/core/operations/list/remote.ts';
import { push } from '../../../src/core/operations/push.ts';
import { status } from '../../../src/core/operations/status.ts';
import { checkRemote } from '../../../src/core/operations/remote/check.ts';
import { serveOddS3, type OddS3 } from '../../servers/odd-s3.ts';
import { context } from '../../support/real-backup.ts';
import { makeSampleProject } from '../../support/sample-project.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';

/** A server that says 200 to a lock and keeps none, as some do. */

let temp: TempFolder;
let server: OddS3;
let project: Project;
let asked: number;
const confirm = () => Promise.resolve(Boolean(++asked));

beforeEach(async () => {
  temp = tempFolder();
  asked = 0;
  Object.assign(process.env, {
    XDG_STATE_HOME: path.join(temp.path, 'state'),
    XDG_CACHE_HOME: path.join(temp.path, 'cache'),
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
  });
  server = await serveOddS3({ keepsLocks: false });
  const root = path.join(temp.path, 'project');
  await makeSampleProject(root);
  const made = resolveProject({ cwd: root, root, env: {} });
  const lock = { mode: 'governance', days: 1 } as const;
  const remotes = { odd: { url: 's3://bucket/prefix', endpoint: server.origin, lock } };
  project = { ...made, config: { ...made.config, remotes } };
  await create(project, { verify: true, allowPartial: false }, context);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  temp[Symbol.dispose]();
});

const pushed = () =>
  push(project, { selectors: [], missing: false, remotes: [], insecure: false, confirm, cwd: project.root }, context);
const checked = () => checkRemote(project, { remote: 'odd', insecure: false, init: false, confirm }, context);

test('a copy that would have no lock is no copy', async () => {
  await expect(pushed()).rejects.toMatchObject({ code: 'REMOTE_FAILED', message: expect.stringMatching(/no lock/) });
  server.keepsLocks = true;
  expect(await pushed()).toMatchObject({ backups: [{ copies: [{ outcome: 'pushed' }] }] });
});

test('a lock that failed when it was tried is refused before anything is sent, until it holds', async () => {
  expect((await checked()).findings.map(({ code }) => code)).toContain('remote-keeps-no-lock');
  await expect(pushed()).rejects.toMatchObject({ code: 'USAGE', hint: expect.stringContaining('remote check odd') });
  server.keepsLocks = true;
  await checked();
  expect(await pushed()).toMatchObject({ status: 'complete' });
});

test('a place that a config names is asked about once', async () => {
  server.keepsLocks = true;
  await pushed();
  await pushed();
  expect(asked).toBe(1);
});

test('buckets of one name on two servers are two places', async () => {
  server.keepsLocks = true;
  await using other = await serveOddS3({});
  const odd = project.config.remotes?.['odd'] ?? { url: '' };
  const remotes = { odd, other: { ...odd, endpoint: other.origin } };
  project = { ...project, config: { ...project.config, remotes } };
  const options = { selectors: [], missing: false, insecure: false, confirm, cwd: project.root };
  await push(project, { ...options, remotes: ['odd'] }, context);
  const listed = await listRemote(project, { remote: 'other', insecure: false, allProjects: false }, context);
  expect(listed).toMatchObject({ backups: [], findings: [] });
  expect((await status(project, { remotes: [], insecure: false }, context)).notPushedTo).toEqual(['other']);
  await push(project, { ...options, remotes: [] }, context);
  expect((await status(project, { remotes: [], insecure: false }, context)).notPushedTo).toEqual([]);
});
