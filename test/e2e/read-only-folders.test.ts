import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { canRunAsUser, giveToUser, isRoot, NOBODY, runAsUser } from '../support/other-user.ts';
import { tempFolder } from '../support/temp-folder.ts';

function run(root: string, ...args: string[]): void {
  expectExit(0, root, ...args);
}

function expectExit(exitCode: number, root: string, ...args: string[]): void {
  const { status, stderr } = runAsUser(root, args);
  expect(status, `${args.join(' ')}: ${stderr}`).toBe(exitCode);
}

test.runIf(canRunAsUser)(
  'read-only folders are moved by whoever owns them, and are read-only again, old or new (as another user)',
  () => {
    using temp = tempFolder();
    const root = path.join(temp.path, 'project');
    const database = path.join(root, 'deployments/frozen');
    const ours = ['backups', '.migbackup'];
    const config = { categories: { all: { sources: { frozen: { path: 'deployments/frozen', exclusive: true } } } } };
    mkdirSync(path.join(database, 'deep'), { recursive: true });
    writeFileSync(path.join(root, 'migbackup.config.json'), JSON.stringify(config));
    writeFileSync(path.join(database, 'a.json'), '{}');
    writeFileSync(path.join(database, 'deep/b.json'), '{}');
    chmodSync(path.join(database, 'deep'), 0o555);
    chmodSync(database, 0o555);
    chmodSync(temp.path, 0o755);
    giveToUser(root);
    const before = readTree(root, ours);
    run(root, 'create');

    // Something else stands there, read-only too.
    chmodSync(database, 0o755);
    writeFileSync(path.join(database, 'a.json'), '{"changed": true}');
    chmodSync(database, 0o555);
    const changed = readTree(root, ours);
    run(root, 'restore', '--yes');
    expect(compareTrees(before, readTree(root, ours))).toEqual([]);
    run(root, 'undo', '--yes');
    expect(compareTrees(changed, readTree(root, ours))).toEqual([]);

    // Nothing stands there.
    chmodSync(database, 0o755);
    chmodSync(path.join(database, 'deep'), 0o755);
    rmSync(database, { recursive: true });
    run(root, 'restore', '--yes');
    expect(compareTrees(before, readTree(root, ours))).toEqual([]);
    chmodSync(database, 0o755);
    chmodSync(path.join(database, 'deep'), 0o755);
  },
);

test.runIf(isRoot && canRunAsUser)(
  'folders of somebody else that we may write in, and those that we may not, never block the way back (as root and as another user)',
  () => {
    using temp = tempFolder();
    const root = path.join(temp.path, 'project');
    const ours = ['backups', '.migbackup'];
    mkdirSync(path.join(root, 'scripts'), { recursive: true });
    writeFileSync(path.join(root, 'package.json'), '{}');
    writeFileSync(path.join(root, 'scripts/deploy.ts'), 'deploy();');
    chmodSync(temp.path, 0o755);
    giveToUser(root);
    run(root, 'create');
    const [first = ''] = readdirSync(path.join(root, 'backups')).filter((name) => name.startsWith('migration-'));
    const before = readTree(root, ours);
    // A team's folder: root's, writable by the group.
    execFileSync('chown', [`0:${NOBODY}`, path.join(root, 'scripts')]);
    chmodSync(path.join(root, 'scripts'), 0o775);
    writeFileSync(path.join(root, 'scripts/deploy.ts'), 'broken');
    expectExit(20, root, 'guard', '--', 'sh', '-c', 'rm package.json; echo x >> scripts/deploy.ts; exit 1');
    run(root, 'restore', '--yes', first);
    expect(compareTrees(before, readTree(root, ours)).filter((line) => !line.startsWith('scripts:'))).toEqual([]);
    // One that we may not write in: refused or taken back, and nobody is locked out afterwards.
    execFileSync('chown', ['0:0', path.join(root, 'scripts')]);
    chmodSync(path.join(root, 'scripts'), 0o755);
    writeFileSync(path.join(root, 'scripts/deploy.ts'), 'broken again');
    const now = readTree(root, ours);
    expectExit(5, root, 'restore', '--yes', first);
    expect(compareTrees(now, readTree(root, ours))).toEqual([]);
    run(root, 'recover');
    run(root, 'create');
  },
);
