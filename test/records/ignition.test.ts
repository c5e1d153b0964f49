import { describe, expect, test } from 'vitest';
import { brief, recordedIn } from './support/recorded-in.ts';

const ABI = [{ type: 'function', name: 'owner', inputs: [], outputs: [], stateMutability: 'view' }];
const CODE = '0x6080604052348015600f57600080fd5b50';

describe('Hardhat Ignition', () => {
  const FOLDER = 'ignition/deployments/chain-1';
  const IGP109 = '0x7F65c062e083B287B6981E568525359c0DE55E49';
  const IGP125 = '0xE0aEb50bCff133ABB4080195E483f9AeD9829D77';

  /** As Ignition writes it: a line break before each message, none at the end. */
  const journal = (...messages: readonly object[]): string =>
    messages.map((message) => `\n${JSON.stringify(message)}`).join('');
  const begun = { chainId: 1, type: 'DEPLOYMENT_INITIALIZE' };
  const deployed = (futureId: string, address: string) => ({
    futureId,
    result: { address, type: 'SUCCESS' },
    type: 'DEPLOYMENT_EXECUTION_STATE_COMPLETE',
  });
  /** After ignition/deployments/chain-1/ of Instadapp/fluid-governance. */
  const FLUID = {
    [`${FOLDER}/deployed_addresses.json`]: {
      'PayloadModule#PayloadIGP109': IGP109,
      'PayloadModule#PayloadIGP125': IGP125,
    },
    [`${FOLDER}/artifacts/PayloadModule#PayloadIGP109.json`]: {
      _format: 'hh-sol-artifact-1',
      contractName: 'PayloadIGP109',
      abi: ABI,
      bytecode: CODE,
    },
    [`${FOLDER}/journal.jsonl`]: journal(
      begun,
      {
        artifactId: 'PayloadModule#PayloadIGP109',
        futureId: 'PayloadModule#PayloadIGP109',
        type: 'DEPLOYMENT_EXECUTION_STATE_INITIALIZE',
      },
      deployed('PayloadModule#PayloadIGP109', IGP109),
      { futureId: 'PayloadModule#PayloadIGP119', networkInteractionId: 1, type: 'ONCHAIN_INTERACTION_DROPPED' },
      deployed('PayloadModule#PayloadIGP125', IGP125),
    ),
  };

  test('both files record it, and they agree', async () => {
    const { deployments, findings } = await recordedIn(FLUID);
    expect(findings).toEqual([]);
    expect(deployments.map(({ file, pointer, address }) => `${file}#${pointer} ${address}`)).toEqual([
      `${FOLDER}/deployed_addresses.json#/PayloadModule#PayloadIGP109 ${IGP109}`,
      `${FOLDER}/deployed_addresses.json#/PayloadModule#PayloadIGP125 ${IGP125}`,
      // Its lines are counted from 0, and the first is blank.
      `${FOLDER}/journal.jsonl#/3 ${IGP109}`,
      `${FOLDER}/journal.jsonl#/5 ${IGP125}`,
    ]);
    expect(new Set(deployments.map(({ chainId, format }) => `${format} ${chainId}`))).toEqual(new Set(['ignition 1']));
  });

  /** What happened to Instadapp/fluid-governance: a merge lost a comma, and nobody saw it for six deployments. */
  test('deployed_addresses.json does not parse: the journal has the addresses all the same', async () => {
    const { deployments, findings } = await recordedIn({
      ...FLUID,
      [`${FOLDER}/deployed_addresses.json`]: `{\n  "PayloadModule#PayloadIGP125": "${IGP125}"\n  "PayloadModule#PayloadIGP124": "0x"\n}`,
    });
    expect(brief(deployments)).toEqual([
      `1 PayloadModule#PayloadIGP109 ${IGP109}`,
      `1 PayloadModule#PayloadIGP125 ${IGP125}`,
    ]);
    expect(findings).toMatchObject([{ code: 'registry-invalid', path: `${FOLDER}/deployed_addresses.json` }]);
  });

  test('they disagree in each way: one finding says so', async () => {
    const { findings } = await recordedIn({
      ...FLUID,
      [`${FOLDER}/deployed_addresses.json`]: {
        'PayloadModule#PayloadIGP125': IGP109,
        'PayloadModule#PayloadIGP135': '0xDf909b5Dd09bE35aa8D9E6C1d22CEe3eBcf17D11',
      },
    });
    expect(findings).toMatchObject([
      {
        code: 'journal-differs',
        path: `${FOLDER}/deployed_addresses.json`,
        message:
          `${FOLDER}/deployed_addresses.json: the journal has, and it lacks, PayloadModule#PayloadIGP109; ` +
          'the journal lacks PayloadModule#PayloadIGP135; the journal has another address for PayloadModule#PayloadIGP125',
      },
    ]);
  });

  test('a journal of Ignition alone, with a contract that was there before, one that was wiped, and one that failed', async () => {
    const { deployments, findings } = await recordedIn({
      'ignition/deployments/MainnetRoller/deployed_addresses.json': { 'M#Wiped': IGP109, 'M#At': IGP125 },
      'ignition/deployments/MainnetRoller/journal.jsonl': journal(
        begun,
        deployed('M#Wiped', IGP109),
        { futureId: 'M#Wiped', type: 'WIPE_APPLY' },
        { futureId: 'M#At', contractAddress: IGP125, type: 'CONTRACT_AT_EXECUTION_STATE_INITIALIZE' },
        { futureId: 'M#No', result: { type: 'REVERTED_TRANSACTION' }, type: 'DEPLOYMENT_EXECUTION_STATE_COMPLETE' },
      ),
    });
    // Ignition leaves what was wiped in deployed_addresses.json. The folder says no chain: the journal does.
    expect(findings).toEqual([]);
    expect(brief(deployments)).toEqual([`1 M#Wiped ${IGP109}`, `1 M#At ${IGP125}`, `1 M#At ${IGP125}`]);
  });

  test('the journal is of another chain than its folder says', async () => {
    const [from, to] = [`${FOLDER}/`, 'ignition/deployments/chain-56/'];
    const moved = Object.fromEntries(Object.entries(FLUID).map(([file, text]) => [file.replace(from, to), text]));
    const { deployments, findings } = await recordedIn(moved);
    expect(findings).toMatchObject([
      { code: 'chain-differs', path: `${to}journal.jsonl`, evidence: { all: [{ chainId: '1', folder: '56' }] } },
    ]);
    expect(new Set(deployments.map(({ chainId }) => chainId))).toEqual(new Set(['1']));
  });

  test('without a journal the folder says the chain, and a folder of another name says none', async () => {
    const addresses = { 'M#A': IGP109 };
    const { deployments } = await recordedIn({
      'ignition/deployments/chain-56/deployed_addresses.json': addresses,
      'ignition/deployments/mine/deployed_addresses.json': addresses,
    });
    expect(brief(deployments)).toEqual([`56 M#A ${IGP109}`, `unknown M#A ${IGP109}`]);
  });

  test.each([
    ['ends in half a line', '\n{"futureId":"M#B","result":{"addr', 'it ends in half a line', [4]],
    [
      'goes on after half a line',
      `\n{"futureId":"M#\n${JSON.stringify(deployed('M#C', IGP125))}`,
      'line 4 is not JSON',
      [4],
    ],
  ])('a journal that %s', async (_name, tail, said, lines) => {
    const file = `${FOLDER}/journal.jsonl`;
    const text = journal(begun, deployed('M#A', IGP109)) + tail;
    const { deployments, findings } = await recordedIn({ [file]: text });
    expect(deployments[0]).toMatchObject({ name: 'M#A', address: IGP109 });
    expect(findings).toMatchObject([
      { code: 'journal-broken', path: file, message: `${file}: ${said}`, evidence: { all: [{ lines }] } },
    ]);
  });

  test('a journal of which nearly nothing is JSON is named as not looked at', async () => {
    const file = `${FOLDER}/journal.jsonl`;
    const { deployments, findings } = await recordedIn({
      [file]: journal(begun, deployed('M#A', IGP109)) + '\nx'.repeat(2000),
    });
    expect(deployments).toEqual([]);
    expect(findings).toMatchObject([{ code: 'registry-not-read', affects: [file] }]);
  });

  test('another journal.jsonl is none of Ignition', async () => {
    const text = '{"at":"2026-01-01","did":"something"}\nnot JSON\n';
    expect(await recordedIn({ 'notes/journal.jsonl': text })).toEqual({ deployments: [], findings: [] });
  });
});
