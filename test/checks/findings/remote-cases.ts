import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { listRemote } from '../../../src/core/operations/list/remote.ts';
import { pruneRemote } from '../../../src/core/operations/prune/remote.ts';
import { sign } from '../../../src/core/operations/sign.ts';
import { push } from '../../../src/core/operations/push.ts';
import { report } from '../../../src/core/operations/report.ts';
import { checkRemote } from '../../../src/core/operations/remote/check.ts';
import { verifyStored } from '../../../src/core/operations/verify/stored.ts';
import type { Project, RemoteSettings } from '../../../src/core/model/category.ts';
import { FolderRemote } from '../../../src/core/repository/remotes/folder-remote.ts';
import { serveOddS3, type OddS3 } from '../../servers/odd-s3.ts';
import { context } from '../../support/real-backup.ts';
import { rewriteManifest } from '../../support/rewrite-backup.ts';
import type { Cases, Provoke, Stage } from './stage.ts';

// What a user agreed to and what was read before is kept for each user.
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-home-'));
Object.assign(process.env, {
  XDG_STATE_HOME: home,
  XDG_CACHE_HOME: home,
  AWS_ACCESS_KEY_ID: 'key',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_REGION: 'us-east-1',
});
process.once('exit', () => fs.rmSync(home, { recursive: true, force: true }));

const confirm = () => Promise.resolve(true);
const FROM = { insecure: false, whole: false };

interface Set {
  readonly stage: Stage;
  readonly project: Project;
  readonly folder: string;
  readonly url: string;
  pushed(id?: string): Promise<void>;
}

/** A folder as a remote beside the project. */
function setUp(stage: Stage): Set {
  const folder = path.join(path.dirname(stage.root), 'remote');
  FolderRemote.init(folder);
  const url = `file://${folder}`;
  const { project } = stage;
  return {
    stage,
    project,
    folder,
    url,
    async pushed(id = stage.plain) {
      const options = { selectors: [id], missing: false, remotes: [url], insecure: false, confirm, cwd: stage.root };
      await push(project, options, context);
    },
  };
}

/** Changes a remote that has a copy of the plain backup, then lists it or verifies the copy. */
const looked =
  (look: 'list' | 'verify', change: (set: Set) => unknown = () => {}): Provoke =>
  async (stage) => {
    const set = setUp(stage);
    await set.pushed();
    await change(set);
    const from = { remote: set.url };
    if (look === 'list')
      return (await listRemote(set.project, { ...from, insecure: false, allProjects: false }, context)).findings;
    return (await verifyStored(set.project, stage.plain, { ...from, ...FROM }, context)).findings;
  };

const below = (folder: string): string[] =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .flatMap((entry) => (entry.isFile() ? [path.join(entry.parentPath, entry.name)] : []));
const commitOf = ({ folder }: Set): string => below(path.join(folder, 'v1/commits'))[0] ?? '';

/** The same with a server that is odd. */
const onServer =
  (
    odd: { keepsLocks?: boolean; aheadMs?: number },
    settings: Pick<RemoteSettings, 'lock'>,
    act: (project: Project, stage: Stage, server: OddS3) => ReturnType<Provoke>,
  ): Provoke =>
  async (stage) => {
    await using server = await serveOddS3(odd);
    const { project } = stage;
    const remotes = { odd: { url: 's3://bucket/prefix', endpoint: server.origin, ...settings } };
    return await act({ ...project, config: { ...project.config, remotes } }, stage, server);
  };

const LOCK = { lock: { mode: 'governance', days: 1 } } as const;
const checked = async (project: Project) =>
  (await checkRemote(project, { remote: 'odd', insecure: false, init: false, confirm }, context)).findings;

async function pushLocked(project: Project, selectors: readonly string[]): Promise<void> {
  const options = { selectors, missing: false, remotes: ['odd'], insecure: false, confirm, cwd: project.root };
  await push(project, options, context);
}

/** What is wrong with copies and remotes. */
export const REMOTES: Cases = {
  'copy-not-pushed': async (stage) => {
    const { project, url } = setUp(stage);
    const remotes = [url, `${url}-that-is-not-mounted`];
    const options = { selectors: [stage.plain], missing: false, remotes, insecure: false, confirm, cwd: stage.root };
    return (await push(project, options, context)).findings;
  },
  'copy-without-signature': async (stage) => {
    const { project, url } = setUp(stage);
    const options = {
      selectors: [stage.plain],
      missing: false,
      remotes: [url],
      insecure: false,
      confirm,
      cwd: stage.root,
    };
    await push(project, options, context);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', stage.inside('key')]);
    await sign(project, stage.selected(), stage.inside('key'), context);
    return (await push(project, options, context)).findings;
  },
  'keys-not-drilled': async (stage) => {
    const { project, url } = setUp(stage);
    const encryptTo = [await identityToRecipient(await generateX25519Identity())];
    const remotes = { far: { url, encryptTo, singleRecipient: true } };
    const encrypted = { ...project, config: { ...project.config, remotes } };
    const options = { missing: false, remotes: ['far'], insecure: false, confirm, cwd: stage.root };
    await push(encrypted, { ...options, selectors: [stage.plain] }, context);
    return (await report(stage.selected(), encrypted, context)).findings;
  },
  'copy-refused': looked('list', (set) => fs.appendFileSync(commitOf(set), ' {}')),
  'copies-differ': [
    looked('list', async (set) => {
      rewriteManifest(set.stage.stored(), (manifest) => Object.assign(manifest, { note: 'another' }));
      await set.pushed();
    }),
    looked('list', async ({ project, url, stage }) => {
      const encryptTo = [await identityToRecipient(await generateX25519Identity())];
      const remotes = { off: { url, encryptTo, singleRecipient: true } };
      const encrypting = { ...project, config: { ...project.config, remotes } };
      const about = { missing: false, insecure: false, confirm, cwd: stage.root };
      await push(encrypting, { ...about, selectors: [stage.plain], remotes: ['off'] }, context);
    }),
  ],
  'copy-gone': looked('list', (set) => fs.rmSync(commitOf(set))),
  'copy-altered': looked('verify', ({ folder }) => {
    const data = below(path.join(folder, 'v1/data')).find((file) => file.endsWith('docs.tar')) ?? '';
    fs.writeFileSync(data, Buffer.alloc(fs.statSync(data).size));
  }),
  'copy-not-proven': looked('verify'),
  'copy-not-locked': onServer({}, LOCK, async (project, stage, server) => {
    await pushLocked(project, [stage.plain]);
    server.keepsLocks = false;
    const { findings } = await verifyStored(project, stage.plain, { remote: 'odd', ...FROM }, context);
    server.keepsLocks = true;
    // One was pushed before the config asked for a lock.
    const { lock: _, ...settings } = project.config.remotes?.['odd'] ?? { url: '' };
    const options = { missing: false, remotes: ['odd'], insecure: false, confirm, cwd: project.root };
    const selectors = [stage.zstd];
    const before = { ...project, config: { ...project.config, remotes: { odd: settings } } };
    await push(before, { ...options, selectors }, context);
    return [...findings, ...(await push(project, { ...options, selectors }, context)).findings];
  }),
  'copy-locked': onServer({}, LOCK, async (project, stage) => {
    await pushLocked(project, [stage.plain, stage.zstd]);
    const options = { remote: 'odd', insecure: false, keepLast: 1, keepSafety: 0, dryRun: false, confirm };
    return (await pruneRemote(project, options, context)).findings;
  }),
  'remote-keeps-no-lock': onServer({ keepsLocks: false }, LOCK, checked),
  'remote-can-lose-copies': onServer({}, {}, checked),
  'remote-clock-differs': onServer({ aheadMs: 180_000 }, {}, checked),
};
