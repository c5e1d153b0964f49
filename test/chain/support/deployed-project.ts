import { rmSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { artifactOf, type HardhatNode, startHardhat, word } from '../../servers/hardhat.ts';
import type { ChainCheck } from '../../../src/core/model/chain-check.ts';
import type { VerifyReport } from '../../../src/core/model/verify-report.ts';
import { put } from '../../support/files.ts';
import { runCli } from '../../support/run-cli.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';

export const CHAIN = 4242;

/** A node with contracts on it, and a project that records them as its tools leave them. */
export class DeployedProject implements AsyncDisposable {
  readonly node: HardhatNode;
  readonly root: string;
  readonly backups: string;
  /** Name -> address. */
  readonly at: Record<string, string> = {};
  readonly #folder: TempFolder;

  private constructor(node: HardhatNode, folder: TempFolder) {
    this.node = node;
    this.#folder = folder;
    this.root = path.join(folder.path, 'project');
    this.backups = path.join(folder.path, 'backups');
  }

  static async make(): Promise<DeployedProject> {
    const project = new DeployedProject(await startHardhat(CHAIN), tempFolder());
    await project.#deploy();
    return project;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }

  async #deploy(): Promise<void> {
    const { node } = this;
    // A library has its own address in its code, a vesting wallet values of its constructor, a transparent proxy both owner and admin.
    this.at['Library'] = await node.deploy('Strings');
    this.at['Timelock'] = await node.deploy(
      'TimelockController',
      word(60),
      word(128),
      word(160),
      word(node.account),
      word(0),
      word(0),
    );
    this.at['Wallet'] = await node.deploy('VestingWallet', word(node.account), word(1_700_000_000), word(86_400));
    const logic = await node.deploy('VestingWallet', word(node.account), word(1), word(2));
    this.at['Token_Implementation'] = logic;
    this.at['Token'] = await node.deploy(
      'TransparentUpgradeableProxy',
      word(logic),
      word(node.account),
      word(96),
      word(0),
    );
    this.at['Vault'] = await node.deploy('ERC1967Proxy', word(logic), word(64), word(0));
    this.at['Beacon'] = await node.deploy('UpgradeableBeacon', word(logic), word(node.account));
    this.at['Shares'] = await node.deploy('BeaconProxy', word(this.at['Beacon']), word(64), word(0));
    const code = `363d3d373d3d3d363d73${logic.slice(2).toLowerCase()}5af43d82803e903d91602b57fd5bf3`;
    const clone = await node.send(null, `0x3d602d80600a3d3981f3${code}`);
    this.at['Clone'] = clone.contractAddress;
  }

  /** A record as hardhat-deploy writes it. */
  record(name: string, contract: string, more: object = {}): object {
    const { abi, bytecode, deployedBytecode } = artifactOf(contract);
    const transactionHash = `0x${'1'.repeat(64)}`;
    return { address: this.at[name], abi, transactionHash, args: [], bytecode, deployedBytecode, ...more };
  }

  putRecord(name: string, contract: string, more?: object): void {
    put(this.root, `deployments/test/${name}.json`, JSON.stringify(this.record(name, contract, more), null, 2));
  }

  /** The project as its tools left it: everything as it is on the chain. */
  putProject(): void {
    rmSync(this.root, { recursive: true, force: true });
    put(this.root, 'deployments/test/.chainId', String(CHAIN));
    const implementation = this.at['Token_Implementation'];
    this.putRecord('Library', 'Strings');
    this.putRecord('Timelock', 'TimelockController');
    this.putRecord('Wallet', 'VestingWallet');
    this.putRecord('Token_Implementation', 'VestingWallet');
    this.putRecord('Token', 'TransparentUpgradeableProxy', { implementation });
    this.putRecord('Vault', 'ERC1967Proxy', { implementation });
    this.putRecord('Beacon', 'UpgradeableBeacon');
    this.putRecord('Shares', 'BeaconProxy', { implementation });
    // An artifact of Ignition beside its record; and a manifest of OpenZeppelin, which has no code.
    put(
      this.root,
      `ignition/deployments/chain-${CHAIN}/deployed_addresses.json`,
      JSON.stringify({ 'M#Wallet': this.at['Wallet'] }),
    );
    const journal = [
      { type: 'DEPLOYMENT_INITIALIZE', chainId: CHAIN },
      {
        type: 'DEPLOYMENT_EXECUTION_STATE_COMPLETE',
        futureId: 'M#Wallet',
        result: { type: 'SUCCESS', address: this.at['Wallet'] },
      },
    ].map((each) => `\n${JSON.stringify(each)}`);
    put(this.root, `ignition/deployments/chain-${CHAIN}/journal.jsonl`, journal.join(''));
    put(
      this.root,
      `ignition/deployments/chain-${CHAIN}/artifacts/M#Wallet.json`,
      JSON.stringify(artifactOf('VestingWallet')),
    );
    const manifest = {
      manifestVersion: '3.2',
      proxies: [{ address: this.at['Token'], kind: 'transparent' }],
      impls: { a: { address: implementation, layout: {} } },
    };
    put(this.root, `.openzeppelin/unknown-${CHAIN}.json`, JSON.stringify(manifest));
    put(this.root, 'deployments/clone.unified.json', JSON.stringify(this.unified({})));
  }

  /** A registry that states a hash of the code in place of the code. */
  unified(hashes: object, proxy = this.at['Clone']): object {
    return {
      network: 'test',
      chainId: CHAIN,
      contracts: { core: { Clone: { proxy, implementation: this.at['Token_Implementation'] } } },
      verification: { implementationHashes: hashes },
    };
  }

  /** Takes a backup and verifies it against the chain. */
  async verify(change: () => unknown = () => {}, chain = `${CHAIN}=${this.node.url}`): Promise<Answer> {
    this.putProject();
    await change();
    rmSync(this.backups, { recursive: true, force: true });
    const where = [...this.where, '--json'];
    const created = await runCli(['create', ...where]);
    expect(created.exitCode, created.stderr).toBe(0);
    const { exitCode, stdout } = await runCli(['verify', '--latest', '--chain', chain, ...where]);
    const report: VerifyReport = JSON.parse(stdout);
    const errors = report.findings.filter((each) => each.severity === 'error');
    return { exitCode, report, said: errors.map(({ code, message }) => `${code}: ${message}`) };
  }

  /** Runs what changes the chain, verifies, and takes the change back. */
  async withChain(change: () => Promise<unknown>, files?: () => unknown): Promise<Answer> {
    const before = await this.node.rpc('evm_snapshot');
    try {
      await change();
      return await this.verify(files);
    } finally {
      await this.node.rpc('evm_revert', before);
    }
  }

  /** How a command finds the project and its backups. */
  get where(): string[] {
    return ['--root', this.root, '--backups', this.backups];
  }
}

/** What the report says about the one chain that was asked. */
export function checkIn({ chains = [] }: VerifyReport): ChainCheck {
  const [check] = chains;
  if (check === undefined) throw new Error('no chain was asked');
  return check;
}

export function codeOf(report: VerifyReport, name: string): string | undefined {
  return checkIn(report).contracts.find((each) => each.name === name)?.code;
}

export interface Answer {
  readonly exitCode: number | null;
  readonly report: VerifyReport;
  readonly said: string[];
}
