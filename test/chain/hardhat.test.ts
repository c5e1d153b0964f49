/** Against a real node with real contracts: what is recorded as it is passes, and each thing that is otherwise has its own answer. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { VerifyReport } from '../../src/core/model/verify-report.ts';
import { artifactOf, type HardhatNode, word } from '../servers/hardhat.ts';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';
import { CHAIN, checkIn, codeOf, DeployedProject } from './support/deployed-project.ts';

const IMPLEMENTATION_SLOT = '0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc';
const BEACON_SLOT = '0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50';
const ADMIN_SLOT = '0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103';

let project: DeployedProject;
let node: HardhatNode;
let root: string;
let at: Record<string, string>;
beforeAll(async () => {
  project = await DeployedProject.make();
  ({ node, root, at } = project);
}, 120_000);
afterAll(() => project[Symbol.asyncDispose]());

const verify: DeployedProject['verify'] = (...args) => project.verify(...args);
const putRecord: DeployedProject['putRecord'] = (...args) => project.putRecord(...args);
const unified: DeployedProject['unified'] = (...args) => project.unified(...args);
const withChain: DeployedProject['withChain'] = (...args) => project.withChain(...args);

test('what is recorded as it is agrees', async () => {
  const { exitCode, report, said } = await verify();
  expect(said).toEqual([]);
  expect(report).toMatchObject({
    status: 'PASSED',
    backupStatus: 'PASSED',
    chains: [{ status: 'AGREES', recorded: 9 }],
  });
  const { contracts, block } = checkIn(report);
  const codes = Object.fromEntries(contracts.map(({ name, code }) => [name, code]));
  expect(codes).toEqual({
    Library: 'same',
    Timelock: 'same',
    Wallet: 'same-but-immutables',
    Token_Implementation: 'same-but-immutables',
    Token: 'same-but-immutables',
    Vault: 'same',
    Beacon: 'same',
    Shares: 'same-but-immutables',
    Clone: 'not-compared',
  });
  const number = `0x${block?.number.toString(16)}`;
  const { hash } = await node.rpc<{ hash: string }>('eth_getBlockByNumber', number, false);
  expect(block?.hash).toBe(hash);
  const proxies = new Set(contracts.flatMap(({ name, proxy }) => (proxy === undefined ? [] : [name])));
  expect(proxies).toEqual(new Set(['Clone', 'Shares', 'Token', 'Vault']));
  expect(exitCode).toBe(0);
});

test('immutables are masked where the artifact says where they are, and nowhere else', async () => {
  const { deployedBytecode } = artifactOf('VestingWallet');
  const zero = `7f${'0'.repeat(64)}`;
  const starts: number[] = [];
  for (let place = deployedBytecode.indexOf(zero); place >= 0; place = deployedBytecode.indexOf(zero, place + 2))
    starts.push((place - '0x'.length) / 2 + 1);
  const spans = starts.map((start) => ({ start, length: 32 }));
  expect(spans.length).toBeGreaterThan(1);
  const withPlaces = (immutables: readonly object[]) =>
    verify(() => {
      putRecord('Wallet', 'VestingWallet', { immutableReferences: { 7: immutables } });
      rmSync(path.join(root, 'ignition'), { recursive: true });
    });
  const stated = await withPlaces(spans);
  expect(codeOf(stated.report, 'Wallet')).toBe('same');
  const fewer = await withPlaces(spans.slice(1));
  expect(fewer.said).toEqual([expect.stringMatching(/^code-differs: Wallet /)]);
});

test('a wrong address: there is no code', async () => {
  const { exitCode, report, said } = await verify(() =>
    putRecord('Timelock', 'TimelockController', { address: `0x${'ab'.repeat(20)}` }),
  );
  expect(said).toEqual([
    expect.stringMatching(/^code-missing: Timelock \(0xabab\w+\), chain 4242, has no code at block \d+$/),
  ]);
  expect(report).toMatchObject({ status: 'FAILED', backupStatus: 'PASSED', chains: [{ status: 'DIFFERS' }] });
  expect(exitCode).toBe(4);
});

test("the address of another recorded contract: other code, though that contract's own record is right", async () => {
  const { exitCode, said } = await verify(() =>
    putRecord('Timelock', 'TimelockController', { address: at['Library'] }),
  );
  expect(said).toEqual([expect.stringMatching(/^code-differs: Timelock \(0x\w+\), chain 4242, has other code/)]);
  expect(exitCode).toBe(4);
});

test('other bytecode, by one byte', async () => {
  const { exitCode, said, report } = await verify(() => {
    const { deployedBytecode } = artifactOf('TimelockController');
    putRecord('Timelock', 'TimelockController', {
      deployedBytecode: deployedBytecode.replace('6080604052', '6080604053'),
    });
  });
  expect(said).toEqual([
    expect.stringMatching(/^code-differs: Timelock \(0x\w+\), chain 4242, has other code than its artifact/),
  ]);
  expect(checkIn(report).status).toBe('DIFFERS');
  expect(exitCode).toBe(4);
});

test('other metadata alone is no other code', async () => {
  const { said } = await verify(() => {
    const { deployedBytecode } = artifactOf('TimelockController');
    const other = deployedBytecode.replace(/(a264697066735822)([\da-f]{20})/, (_, head) => head + '5'.repeat(20));
    expect(other).not.toBe(deployedBytecode);
    putRecord('Timelock', 'TimelockController', { deployedBytecode: other });
  });
  expect(said).toEqual([]);
});

test.each([
  ['that of a beacon', 'Shares', /^implementation-differs: Shares /],
  ['that of a minimal proxy', 'Clone', /^implementation-differs: Clone /],
])('%s', async (_, name, message) => {
  const { exitCode, said } = await verify(() => {
    const implementation = at['Timelock'];
    if (name === 'Clone')
      put(
        root,
        'deployments/clone.unified.json',
        JSON.stringify(unified({})).replace(at['Token_Implementation'] ?? '', implementation ?? ''),
      );
    else putRecord(name, 'BeaconProxy', { implementation });
  });
  expect(said).toEqual([expect.stringMatching(message)]);
  expect(exitCode).toBe(4);
});

const setSlot = (name: string, slot: string, value: string): Promise<unknown> =>
  node.rpc('hardhat_setStorageAt', at[name], slot, `0x${value}`);

test.each<[string, () => Promise<unknown>, RegExp]>([
  [
    'the slot of the implementation says what is recorded, and the beacon another one',
    async () => {
      const other = await node.deploy('UpgradeableBeacon', word(at['Timelock'] ?? ''), word(node.account));
      await setSlot('Shares', BEACON_SLOT, word(other));
      await setSlot('Shares', IMPLEMENTATION_SLOT, word(at['Token_Implementation'] ?? ''));
    },
    /^implementation-differs: Shares .* points to 0x/,
  ],
  [
    'there is something before the address in the slot, which no contract reads',
    () => setSlot('Vault', IMPLEMENTATION_SLOT, `01${word(at['Timelock'] ?? '').slice(2)}`),
    /^implementation-differs: Vault /,
  ],
  [
    'the implementation has no code any more',
    () => node.rpc('hardhat_setCode', at['Token_Implementation'], '0x'),
    /^code-missing: Vault .* points to 0x\w+, where there is no code$/,
  ],
  [
    'the beacon refuses to answer',
    () => node.rpc('hardhat_setCode', at['Beacon'], '0x60006000fd'),
    /^implementation-not-seen: Shares /,
  ],
  [
    'the proxy is another contract, which only has the slot',
    () => node.rpc('hardhat_setCode', at['Vault'], '0x600160005260206000f3'),
    /^code-differs: Vault /,
  ],
])('%s', async (_, change, message) => {
  const { exitCode, said } = await withChain(change);
  expect(said).toContainEqual(expect.stringMatching(message));
  expect(exitCode).toBe(4);
});

test('a beacon that nothing records is worth a warning', async () => {
  const { report, said } = await withChain(async () => {
    const other = await node.deploy('UpgradeableBeacon', word(at['Token_Implementation'] ?? ''), word(node.account));
    await setSlot('Shares', BEACON_SLOT, word(other));
  });
  expect(said).toEqual([]);
  const warnings = report.findings.filter(({ severity }) => severity === 'warning').map(({ code }) => code);
  expect(warnings).toEqual(['implementation-not-recorded']);
});

test.each([
  ['of a contract that is none', () => unified({}, at['Timelock']), /^implementation-not-seen: /],
  ['of its implementation', () => unified({}, at['Token_Implementation']), /^implementation-not-seen: /],
])('a proxy is recorded at the address %s', async (_, registry, message) => {
  const { exitCode, said } = await verify(() =>
    put(root, 'deployments/clone.unified.json', JSON.stringify(registry())),
  );
  expect(said).toEqual([expect.stringMatching(message)]);
  expect(exitCode).toBe(4);
});

test('an implementation that is recorded at the address of its proxy has other code', async () => {
  const { said } = await verify(() => putRecord('Token_Implementation', 'VestingWallet', { address: at['Token'] }));
  expect(said).toContainEqual(expect.stringMatching(/^code-differs: Token_Implementation /));
});

test('a record of a proxy that is older than that of its implementation is worth a warning', async () => {
  const { report, said } = await withChain(
    () => setSlot('Token', IMPLEMENTATION_SLOT, word(at['Wallet'] ?? '')),
    () => putRecord('Token_Implementation', 'VestingWallet', { address: at['Wallet'] }),
  );
  expect(said).toEqual([]);
  expect(report.findings).toContainEqual(expect.objectContaining({ code: 'implementation-stale' }));
});

test('proxies of other kinds count if they point where the record says', async () => {
  const logic = (at['Token_Implementation'] ?? '').slice(2).toLowerCase();
  // A clone of today's compilers, and a contract whose first variable is its implementation.
  for (const code of [`365f5f375f5f365f73${logic}5af43d5f5f3e5f3d91602a57fd5bf3`, '6001']) {
    const change = async (): Promise<void> => {
      await node.rpc('hardhat_setCode', at['Clone'], `0x${code}`);
      await setSlot('Clone', `0x${'0'.repeat(64)}`, word(`0x${logic}`));
    };
    expect((await withChain(change)).said, code).toEqual([]);
  }
});

test('what Ignition only refers to is not compared with its artifact', async () => {
  const files = (type: string) => () => {
    const folder = `ignition/deployments/chain-${CHAIN}`;
    const result = { type: 'SUCCESS', address: at['Token'] };
    const messages = [
      { type: 'DEPLOYMENT_INITIALIZE', chainId: CHAIN },
      { type, futureId: 'M#Token', contractAddress: at['Token'], result },
    ];
    put(root, `${folder}/journal.jsonl`, messages.map((each) => `\n${JSON.stringify(each)}`).join(''));
    put(root, `${folder}/deployed_addresses.json`, JSON.stringify({ 'M#Token': at['Token'] }));
    put(root, `${folder}/artifacts/M#Token.json`, JSON.stringify(artifactOf('TimelockController')));
  };
  expect((await verify(files('CONTRACT_AT_EXECUTION_STATE_INITIALIZE'))).said).toEqual([]);
  const { said } = await verify(files('DEPLOYMENT_EXECUTION_STATE_COMPLETE'));
  expect(said).toEqual([expect.stringMatching(/^code-differs: M#Token /)]);
});

test('with --only the rest of the backup still counts as recorded', async () => {
  await verify();
  const where = ['--root', root, '--backups', project.backups, '--json'];
  const only = ['--only', 'deployments/test/Vault.json'];
  const { stdout } = await runCli(['verify', '--chain', `${CHAIN}=${node.url}`, ...only, ...where]);
  const report: VerifyReport = JSON.parse(stdout);
  expect(checkIn(report)).toMatchObject({ status: 'AGREES', recorded: 1 });
  expect(report.findings.filter(({ severity }) => severity === 'warning')).toEqual([]);
});

test('an upgrade on the chain that nothing recorded', async () => {
  const admin = `0x${(await node.rpc<string>('eth_getStorageAt', at['Token'], ADMIN_SLOT, 'latest')).slice(-40)}`;
  const before = await node.rpc('evm_snapshot');
  // upgradeAndCall(address,address,bytes) of its ProxyAdmin
  await node.send(admin, `0x9623609d${word(at['Token'] ?? '')}${word(at['Timelock'] ?? '')}${word(96)}${word(0)}`);
  try {
    const { exitCode, said, report } = await verify();
    expect(said).toEqual([expect.stringContaining(`points to ${at['Timelock']?.toLowerCase()}`)]);
    expect(checkIn(report).status).toBe('DIFFERS');
    expect(exitCode).toBe(4);
  } finally {
    await node.rpc('evm_revert', before);
  }
});

test('an implementation and an admin that nothing records are worth a warning', async () => {
  const { exitCode, report } = await verify(() => {
    for (const name of ['Vault', 'Token_Implementation', 'Token'])
      rmSync(path.join(root, `deployments/test/${name}.json`));
    for (const name of ['Shares', 'Beacon']) rmSync(path.join(root, `deployments/test/${name}.json`));
    rmSync(path.join(root, 'deployments/clone.unified.json'));
    const admin = { address: at['Timelock'] };
    const manifest = { manifestVersion: '3.2', admin, proxies: [{ address: at['Token'] }], impls: { a: admin } };
    put(root, `.openzeppelin/unknown-${CHAIN}.json`, JSON.stringify(manifest));
  });
  const codes = report.findings.filter((each) => each.severity === 'warning').map((each) => each.code);
  expect(codes.toSorted()).toEqual(['admin-not-recorded', 'implementation-not-recorded']);
  expect([exitCode, report.status]).toEqual([0, 'WARNING']);
});

test('a hash of the code that is recorded in its place proves it if it is the same', async () => {
  const { keccak_256: keccak } = await import('@noble/hashes/sha3.js');
  const code = await node.rpc<string>('eth_getCode', at['Token_Implementation'], 'latest');
  const hash = `0x${Buffer.from(keccak(Buffer.from(code.slice(2), 'hex'))).toString('hex')}`;
  const { report } = await verify(() =>
    put(root, 'deployments/clone.unified.json', JSON.stringify(unified({ Clone: hash }))),
  );
  expect(codeOf(report, 'Clone')).toBe('same-behind');
});
