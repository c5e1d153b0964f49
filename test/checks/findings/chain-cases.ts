import { verify } from '../../../src/core/operations/verify.ts';
import { serveJsonRpc } from '../../servers/json-rpc.ts';
import { context } from '../../support/real-backup.ts';
import type { Cases, Provoke } from './stage.ts';

const A = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
const B = '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359';
const C = '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB';
const word = (address: string): string => `0x${address.slice(2).toLowerCase().padStart(64, '0')}`;

const IMPLEMENTATION = '0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc';
const ADMIN = '0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103';

/** What a node of chain 56 says: the code of every contract, and what every contract has in its slots. */
interface Chain {
  readonly code?: string;
  readonly slots?: Readonly<Record<string, string>>;
}

/** Puts registries into the project, takes a backup, and verifies it against a chain. */
const asked =
  (files: Readonly<Record<string, unknown>>, { code = '0x6001', slots = {} }: Chain = {}, chainId = '56'): Provoke =>
  async (stage) => {
    for (const [file, content] of Object.entries(files)) stage.put(file, JSON.stringify(content));
    const { backupId } = await stage.create();
    await using node = await serveJsonRpc(({ id, method, params }, response) => {
      const answers: Record<string, unknown> = {
        eth_chainId: '0x38',
        eth_getBlockByNumber: { number: '0x1', hash: `0x${'a'.repeat(64)}`, timestamp: '0x1' },
        eth_getCode: code,
        eth_getStorageAt: slots[String(params[1])] ?? `0x${'0'.repeat(64)}`,
      };
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result: answers[method] }));
    });
    const chains = new Map([[chainId, new URL(node.origin)]]);
    const options = { mode: 'full', repository: null, chains } as const;
    return (await verify(stage.selected(backupId), options, context)).findings;
  };

const legacy = (contracts: object, chainId = 56) => ({
  'deployments/bsc.json': { network: 'bsc', chainId, contracts },
});
const artifact = { address: A, abi: [], receipt: {}, deployedBytecode: '0x6002' };

/** What a chain says about the records. */
export const CHAIN: Cases = {
  'chain-not-proven': asked(legacy({ A: { address: A } }), {}, '1'),
  'chain-other': asked(legacy({ A: { address: A } }, 97), {}, '97'),
  'chain-not-asked': asked({
    'deployments/bsc.json': { network: 'bsc', chainId: 56, contracts: { A: { address: A } } },
    'deployments/test.json': { network: 'test', chainId: 97, contracts: { B: { address: B } } },
  }),
  'code-missing': asked(legacy({ A: { address: A } }), { code: '0x' }),
  'code-differs': asked({ 'deployments/bsc/.chainId': 56, 'deployments/bsc/A.json': artifact }),
  'implementation-differs': asked(legacy({ A: { proxy: A, implementation: B } }), {
    slots: { [IMPLEMENTATION]: word(C) },
  }),
  'implementation-stale': asked(
    {
      'deployments/bsc/.chainId': 56,
      'deployments/bsc/T.json': { address: A, abi: [], receipt: {}, bytecode: '0x60', implementation: B },
      'deployments/bsc/T_Implementation.json': { address: C, abi: [], receipt: {}, bytecode: '0x60' },
    },
    { slots: { [IMPLEMENTATION]: word(C) } },
  ),
  'implementation-not-seen': asked(legacy({ A: { proxy: A, implementation: B } })),
  'implementation-not-recorded': asked(legacy({ A: { address: A } }), { slots: { [IMPLEMENTATION]: word(B) } }),
  'admin-not-recorded': asked(
    {
      '.openzeppelin/bsc.json': {
        manifestVersion: '3.2',
        admin: { address: C },
        proxies: [{ address: A }],
        impls: { a: { address: A } },
      },
    },
    { slots: { [IMPLEMENTATION]: word(A), [ADMIN]: word(B) } },
  ),
};
