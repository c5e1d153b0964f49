import { createCipheriv } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { keysOf, type User } from '../../servers/s3/gateway.ts';
import { resolveProject } from '../../../src/core/config/project.ts';
import { create } from '../../../src/core/operations/create.ts';
import { context } from '../../support/real-backup.ts';
import { startCli, type CliResult, type RunningCli } from '../../support/run-cli.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';

const MIB = 1 << 20;

/** Bytes that look random and are the same in every run: they stay as large when they are compressed. */
function noise(length: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** What the environment of the program needs in order to be a user of the gateway, and nobody else. */
export function credentials(user: User): Record<string, string> {
  const { accessKeyId, secretAccessKey } = keysOf(user);
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
}

/** A user with a home and a project of their own, as on a machine of their own. */
export class Machine implements Disposable {
  readonly root: string;
  readonly #temp: TempFolder;
  /** Of every run. */
  env: Readonly<Record<string, string>> = {};

  private constructor(temp: TempFolder) {
    this.#temp = temp;
    this.root = path.join(temp.path, 'project');
    mkdirSync(path.join(temp.path, 'home'));
  }

  /** One with a small project, and one backup of it, whose largest archive takes three parts. */
  static async withBackup(): Promise<{ machine: Machine; id: string; backup: string }> {
    const machine = new Machine(tempFolder('migbackup-remote-'));
    const deployments = path.join(machine.root, 'deployments/mainnet');
    mkdirSync(deployments, { recursive: true });
    writeFileSync(path.join(machine.root, 'package.json'), '{"name":"remote-sample"}\n');
    for (const name of ['Registry', 'Token'])
      writeFileSync(path.join(deployments, `${name}.json`), `{"name":"${name}"}\n`);
    writeFileSync(path.join(deployments, 'bytecode.bin'), noise(17 * MIB));
    machine.setRemotes({});
    const project = resolveProject({ cwd: machine.root, env: {} });
    const { backupId: id, folder: backup } = await create(project, { verify: true, allowPartial: false }, context);
    return { machine, id, backup };
  }

  /** One that has the checkout and no backup. */
  static withProjectOf(other: Machine): Machine {
    const machine = new Machine(tempFolder('migbackup-remote-'));
    mkdirSync(machine.root);
    cpSync(path.join(other.root, 'package.json'), path.join(machine.root, 'package.json'));
    return machine;
  }

  get backups(): string {
    return path.join(this.root, 'backups');
  }

  /** As if nothing of migbackup had ever run here: no backups, and nothing in the home of what was read or agreed to. */
  forget(): void {
    rmSync(this.backups, { recursive: true, force: true });
    rmSync(path.join(this.#temp.path, 'home'), { recursive: true, force: true });
    mkdirSync(path.join(this.#temp.path, 'home'));
  }

  /** As if a run had been killed while it wrote what it remembers of commits. */
  breakCache(): void {
    const folder = path.join(this.#temp.path, 'home/.cache/migbackup');
    const files = readdirSync(folder).filter((name) => name.startsWith('commits-'));
    if (files.length === 0) throw new Error('no commit was remembered');
    for (const file of files) writeFileSync(path.join(folder, file), '["half of a line');
  }

  /** Writes the remotes into the project's config. */
  setRemotes(remotes: Readonly<Record<string, object>>): void {
    writeFileSync(
      path.join(this.root, 'migbackup.config.json'),
      `${JSON.stringify({ project: 'remote-sample', remotes }, null, 2)}\n`,
    );
  }

  /** The operation log, a line each. */
  logged(): string {
    return readFileSync(path.join(this.root, '.migbackup/operations.jsonl'), 'utf8');
  }

  start(...args: readonly string[]): RunningCli {
    const home = path.join(this.#temp.path, 'home');
    return startCli([...args, '--root', this.root], { cwd: this.root, env: { HOME: home, ...this.env } });
  }

  run(...args: readonly string[]): Promise<CliResult> {
    return this.start(...args).ended;
  }

  [Symbol.dispose](): void {
    this.#temp[Symbol.dispose]();
  }
}
