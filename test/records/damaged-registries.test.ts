import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { brief, readFolder, recordedIn } from './support/recorded-in.ts';

const A = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
const B = '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359';

describe('addresses', () => {
  /** The good ones are those of EIP-55. */
  const GOOD = [
    '0x52908400098527886E0F7030069857D2E4169EE7',
    '0xde709f2102306220921060314715629080e2fb77',
    A,
    B,
    '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
    '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
  ];

  test('those of EIP-55 pass, and so do those that are written without capitals', async () => {
    const contracts = Object.fromEntries([...GOOD, A.toLowerCase()].map((address, at) => [`C${at}`, { address }]));
    const { deployments, findings } = await recordedIn({
      'deployments/x.json': { network: 'x', chainId: 1, contracts },
    });
    expect(findings).toEqual([]);
    expect(deployments).toHaveLength(7);
  });

  test('one letter of another case, one digit less: one finding for the file names each, and the whole is in the evidence', async () => {
    const other = A.replace('5aA', '5AA');
    const contracts = {
      Case: { address: other },
      Behind: { proxy: A, implementation: B.slice(0, -1) },
      Short: { address: A.slice(0, -1) },
      Number: { address: 7 },
      List: { address: [A] },
      None: { address: '' },
      Zero: { proxy: '0x0000000000000000000000000000000000000000' },
    };
    const { deployments, findings } = await recordedIn({
      'deployments/x.json': { network: 'x', chainId: 1, contracts },
    });
    // The first is what the registry records: it counts.
    expect(brief(deployments)).toEqual([`1 Case ${other}`, `1 Behind ${A}`]);
    expect(deployments[1]?.implementation).toBeUndefined();
    expect(findings).toMatchObject([
      {
        code: 'address-invalid',
        path: 'deployments/x.json',
        message:
          `deployments/x.json: Case (${other}) fails its EIP-55 checksum; Behind (${B.slice(0, -1)}) is not an address; ` +
          `Short (${A.slice(0, -1)}) is not an address; and 2 more`,
        evidence: {
          all: [
            { pointer: '/contracts/Case', value: other, kind: 'checksum' },
            { pointer: '/contracts/Behind', value: B.slice(0, -1), kind: 'no-address' },
            { pointer: '/contracts/Short', kind: 'no-address' },
            { pointer: '/contracts/Number', value: '7', kind: 'no-address' },
            { pointer: '/contracts/List', value: `["${A}"]`, kind: 'no-address' },
          ],
        },
      },
    ]);
  });
});

describe('what does not parse', () => {
  test.each([
    ['deployments/mainnet.json', '{"network": "mainnet", "chainId": 1, "contr', 'it is not valid JSON'],
    ['deployments/unified/bsc.unified.json', '', 'it is empty'],
    ['.openzeppelin/mainnet.json', '<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n', 'it is not valid JSON'],
    ['broadcast/Deploy.s.sol/1/run-latest.json', '\0\0\0\0', 'it is not valid JSON'],
    ['build/contracts/Token.json', '{"contractName": "Token",}', 'it is not valid JSON'],
    ['deployments/mainnet/.chainId', 'mainnet', 'it states no chain id'],
    ['deployments/mainnet/.chainId', '0', 'it states no chain id'],
    ['deployments/mainnet/.chain', '{"genesisHash": "0x25"', 'it states no chain id'],
    ['deployments/mainnet/.chain', '{"chainId": -1}', 'it states no chain id'],
    ['ignition/deployments/chain-1/deployed_addresses.json', `["${A}"]`, 'it is not what Hardhat Ignition writes'],
    ['ignition/deployments/chain-1/deployed_addresses.json', '{"M#A": {}}', 'it is not what Hardhat Ignition writes'],
    ['.openzeppelin/unknown-5.json', '[]', 'it is not what OpenZeppelin writes'],
    ['broadcast/Deploy.s.sol/1/run-latest.json', '{"transactions": {}}', 'it is not what Foundry writes'],
  ])('%s: %s', async (file, text, said) => {
    const { deployments, findings } = await recordedIn({ [file]: text });
    expect(deployments).toEqual([]);
    expect(findings).toMatchObject([{ code: 'registry-invalid', severity: 'warning', path: file }]);
    expect(findings[0]?.message).toContain(`${file}: ${said}`);
  });

  test('a file elsewhere is no registry because of its name', async () => {
    expect(await recordedIn({ 'data/x.json': '{', 'package.json': '{"name": "x"}', 'a/b.json': 'null' })).toEqual({
      deployments: [],
      findings: [],
    });
  });
});

describe('chains that contradict each other', () => {
  const artifact = { address: A, abi: [], bytecode: '0x60', receipt: {} };

  test('.chainId and .chain in one folder: the chain is not known', async () => {
    const { deployments, findings } = await recordedIn({
      'deployments/x/.chain': '{"chainId": "56"}',
      'deployments/x/.chainId': '1',
      'deployments/x/Token.json': artifact,
    });
    expect(brief(deployments)).toEqual([`unknown Token ${A}`]);
    expect(findings).toMatchObject([{ code: 'chain-differs', path: 'deployments/x/.chainId' }]);
  });

  test('the nearest folder counts, and a file that states its own chain is measured by that of its folder', async () => {
    const legacy = { network: 'bsc', chainId: 56, contracts: { Token: { address: B } } };
    const { deployments, findings } = await recordedIn({
      'deployments/.chainId': '1',
      'deployments/bsc.json': legacy,
      'deployments/x/.chainId': '97',
      'deployments/x/deep/er/Token.json': artifact,
    });
    expect(brief(deployments)).toEqual([`56 Token ${B}`, `97 Token ${A}`]);
    expect(findings).toMatchObject([
      { code: 'chain-differs', path: 'deployments/bsc.json', evidence: { all: [{ chainId: '56', folder: '1' }] } },
    ]);
  });

  test.each([0, -1, 1.5, 2 ** 53, '0x38', '', null, {}, [56], '9'.repeat(79)])(
    'a chain id of %j is none: the chain is unknown',
    async (chainId) => {
      const registry = { network: 'x', chainId, contracts: { Token: { address: A } } };
      expect((await recordedIn({ 'deployments/x.json': registry })).deployments[0]?.chainId).toBe('unknown');
    },
  );
});

describe('hostile', () => {
  test('keys that every object has, and names that would control a terminal', async () => {
    const text = `{"network": "x", "chainId": 1, "__proto__": {"contracts": {}}, "contracts": {
      "__proto__": {"address": "${A}"}, "constructor": {"address": "${B}"}, "toString": {},
      "\\u001b[31mred": {"address": "0x1"}, "${'n'.repeat(5000)}": {"address": "0x2"}},
      "implementationHashes": {}}`;
    const { deployments, findings } = await recordedIn({ 'deployments/x.json': text });
    expect(brief(deployments)).toEqual([`1 __proto__ ${A}`, `1 constructor ${B}`]);
    expect(deployments.every((deployment) => deployment.codeHash === undefined)).toBe(true);
    expect(findings).toHaveLength(1);
    // oxlint-disable-next-line no-control-regex
    expect(findings[0]?.message).not.toMatch(/[\u0000-\u001f]/);
    expect(findings[0]?.message.length).toBeLessThan(2000);
    expect(({} as Record<string, unknown>)['contracts']).toBeUndefined();
  });

  test('wrong types at every place of every format', async () => {
    const odd = [null, 7, 'text', true, [], [[]], {}, { a: null }];
    const frames = odd.flatMap((value) => [
      { network: 'x', chainId: 1, contracts: value },
      { network: 'x', chainId: 1, contracts: { core: value, protocol: {} } },
      { network: 'x', chainId: 1, contracts: { core: { Token: value } }, verification: value },
      { manifestVersion: '3.2', proxies: value, impls: value, admin: value },
      { manifestVersion: '3.2', proxies: [value], impls: { a: value, b: { allAddresses: value } } },
      { manifestVersion: '2.2', proxies: { 'a/B': [value] }, contracts: value, proxyAdmin: value },
      { transactions: [value], receipts: value, chain: value },
      {
        transactions: [
          { hash: '0x1', transactionType: 'CREATE', contractAddress: value, additionalContracts: [value] },
        ],
        receipts: [value],
      },
      { deployments: [value] },
      { contractName: 'A', networks: value },
      { contractName: 'A', networks: { 1: value } },
      { address: value, abi: [] },
      value,
    ]);
    const tree = Object.fromEntries(frames.map((frame, at) => [`deployments/f${at}.json`, frame]));
    const lines = odd.flatMap((value) => [
      { type: 'DEPLOYMENT_INITIALIZE', chainId: value },
      { type: 'DEPLOYMENT_EXECUTION_STATE_COMPLETE', futureId: 'M#A', result: value },
      { type: 'DEPLOYMENT_EXECUTION_STATE_COMPLETE', futureId: 'M#A', result: { type: 'SUCCESS', address: value } },
      { type: 'CONTRACT_AT_EXECUTION_STATE_INITIALIZE', futureId: value, contractAddress: value },
      { type: 'WIPE_APPLY', futureId: value },
      { type: value, futureId: 'M#A' },
      value,
    ]);
    const text = lines.map((line) => JSON.stringify(line)).join('\n');
    const { deployments } = await recordedIn({ ...tree, 'ignition/deployments/x/journal.jsonl': text });
    expect(deployments).toEqual([]);
  });

  test('a million levels, a line of many MiB, and more bytes than are read', async () => {
    using folder = tempFolder();
    put(folder.path, 'deployments/deep.json', '['.repeat(1_000_000));
    put(folder.path, 'deployments/deeper.json', `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`);
    put(folder.path, 'deployments/bomb.json', `[${'[],'.repeat(1_000_000)}[]]`);
    const begun = '{"type":"DEPLOYMENT_INITIALIZE","chainId":1}';
    const done = `{"type":"DEPLOYMENT_EXECUTION_STATE_COMPLETE","futureId":"M#A","result":{"type":"SUCCESS","address":"${A}"}}`;
    const journal = 'ignition/deployments/chain-1/journal.jsonl';
    put(folder.path, journal, `${begun}\n{"data":"${'0'.repeat(17 << 20)}"}\n\n${done}`);
    put(folder.path, 'deployments/huge.json', '');
    const contracts = Array.from(
      { length: 50_001 },
      (_, at) => `"N${at}":"0x${(at + 1).toString(16).padStart(40, '0')}"`,
    );
    put(folder.path, 'deployments/many.json', `{"network":"x","chainId":1,"contracts":{${contracts.join(',')}}}`);
    fs.truncateSync(path.join(folder.path, 'deployments/huge.json'), 65 << 20);
    const { deployments, findings } = await readFolder(folder.path);
    expect(deployments).toMatchObject([{ chainId: '1', name: 'M#A', address: A, pointer: '/3' }]);
    expect(findings.map(({ code, path: at, affects }) => ({ code, at, affects }))).toEqual([
      { code: 'registry-invalid', at: 'deployments/deep.json', affects: undefined },
      { code: 'journal-broken', at: journal, affects: undefined },
      {
        code: 'registry-not-read',
        at: undefined,
        affects: ['deployments/huge.json', 'deployments/bomb.json', 'deployments/many.json'],
      },
    ]);
  });

  test('a link is not followed; if nothing else reads what it leads to, a finding says so', async () => {
    using folder = tempFolder();
    put(
      folder.path,
      'else/mainnet.json',
      JSON.stringify({ network: 'x', chainId: 1, contracts: { T: { address: A } } }),
    );
    fs.mkdirSync(path.join(folder.path, 'deployments'));
    fs.symlinkSync('../else/mainnet.json', path.join(folder.path, 'deployments/read.json'));
    fs.symlinkSync('../../mainnet.json', path.join(folder.path, 'deployments/mainnet.json'));
    const { deployments, findings } = await readFolder(folder.path);
    expect(brief(deployments)).toEqual([`1 T ${A}`]);
    expect(findings).toMatchObject([
      {
        code: 'registry-not-read',
        path: 'deployments/mainnet.json',
        message: 'deployments/mainnet.json: it is a link, which is not followed',
      },
    ]);
  });
});
