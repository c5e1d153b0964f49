import fs from 'node:fs';
import { after, type Cases } from './scene.ts';

const A = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
const B = '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359';

const legacy = (contracts: object, chainId: unknown = 56): string =>
  JSON.stringify({ network: 'bsc', chainId, contracts });

const IGNITION = 'ignition/deployments/chain-1';
const journal = (futureId: string): string =>
  `\n{"chainId":1,"type":"DEPLOYMENT_INITIALIZE"}\n${JSON.stringify({ futureId, result: { address: A, type: 'SUCCESS' }, type: 'DEPLOYMENT_EXECUTION_STATE_COMPLETE' })}`;

/** What deployment registries record. */
export const DEPLOYMENTS: Cases<
  | 'deployments'
  | 'registries-valid'
  | 'registries-read'
  | 'chains-agree'
  | 'addresses-valid'
  | 'artifacts-complete'
  | 'implementations-known'
  | 'journals-agree'
  | 'journals-whole'
> = {
  deployments: [
    {
      when: 'a registry does not say which chain it is of',
      status: 'info',
      says: '3 addresses on 2 chains, 1 of them on a chain that is not known',
      provoke: after((scene) => {
        scene.put('deployments/bsc.json', legacy({ A: { address: A }, B: { address: B } }));
        scene.put('deployments/other.json', legacy({ A: { address: A } }, null));
      }),
    },
  ],
  'registries-valid': [
    {
      when: 'one does not parse',
      status: 'warning',
      says: 'deployments/bsc.json: it is not valid JSON, so what it records is not known',
      provoke: after((scene) => scene.put('deployments/bsc.json', '{"network": "bsc", ')),
    },
    {
      when: 'several do not',
      status: 'warning',
      says: '2 deployment registries do not parse',
      provoke: after((scene) => {
        scene.put('deployments/bsc.json', '{');
        scene.put('deployments/mainnet/.chainId', 'one');
      }),
    },
  ],
  'registries-read': [
    {
      when: 'a link is in the place of a registry',
      status: 'warning',
      says: 'deployments/linked.json: it is a link',
      provoke: after((scene) => fs.symlinkSync('../src/mainnet.json', scene.inside('deployments/linked.json'))),
    },
    {
      when: 'one is far too big',
      status: 'warning',
      says: '1 file was not looked at for deployments',
      provoke: after((scene) => {
        scene.put('deployments/huge.json', '');
        fs.truncateSync(scene.inside('deployments/huge.json'), 65 << 20);
      }),
    },
  ],
  'chains-agree': [
    {
      when: 'a registry lies in the folder of another chain',
      status: 'warning',
      says: 'deployments/mainnet/bsc.json: its chain id is 56, but its folder says 1',
      provoke: after((scene) => {
        scene.put('deployments/mainnet/.chainId', '1');
        scene.put('deployments/mainnet/bsc.json', legacy({ A: { address: A } }));
      }),
    },
  ],
  'addresses-valid': [
    {
      when: 'a letter was changed',
      status: 'warning',
      says: 'fails its EIP-55 checksum',
      provoke: after((scene) => scene.put('deployments/bsc.json', legacy({ A: { address: A.replace('5aA', '5aa') } }))),
    },
  ],
  'artifacts-complete': [
    {
      when: 'an artifact has no ABI',
      status: 'warning',
      says: 'deployments/mainnet/Token.json: it has no ABI',
      provoke: after((scene) =>
        scene.put('deployments/mainnet/Token.json', JSON.stringify({ address: A, bytecode: '0x60', receipt: {} })),
      ),
    },
    {
      when: 'it has no bytecode',
      status: 'info',
      says: 'deployments/mainnet/Token.json: it has no bytecode',
      provoke: after((scene) =>
        scene.put('deployments/mainnet/Token.json', JSON.stringify({ address: A, abi: [], receipt: {} })),
      ),
    },
  ],
  'implementations-known': [
    {
      when: 'the manifest of the chain does not have it',
      status: 'warning',
      says: `points to ${B}, which nothing else records`,
      provoke: after((scene) => {
        scene.put('deployments/bsc.json', legacy({ A: { proxy: A, implementation: B } }));
        const manifest = { manifestVersion: '3.2', proxies: [{ address: A }], impls: { a: { address: A } } };
        scene.put('.openzeppelin/bsc.json', JSON.stringify(manifest));
      }),
    },
  ],
  'journals-agree': [
    {
      when: 'an address is only in the journal',
      status: 'warning',
      says: 'the journal has, and it lacks, M#A',
      provoke: after((scene) => {
        scene.put(`${IGNITION}/deployed_addresses.json`, '{}');
        scene.put(`${IGNITION}/journal.jsonl`, journal('M#A'));
      }),
    },
  ],
  'journals-whole': [
    {
      when: 'the last line was cut',
      status: 'warning',
      says: 'it ends in half a line',
      provoke: after((scene) => scene.put(`${IGNITION}/journal.jsonl`, `${journal('M#A')}\n{"futureId":"M#B","res`)),
    },
  ],
};
