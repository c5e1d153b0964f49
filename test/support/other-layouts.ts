import type { NewDocument } from '../../src/core/reconcile/account.ts';
import type { Json } from '../../src/core/records/json.ts';
import { type Deployment, shortName, without } from './deployment-records.ts';

/** Layouts that were written when the code was done. */
export const OTHER_LAYOUTS: Readonly<Record<string, (deployments: readonly Deployment[]) => NewDocument[]>> = {
  'one object keyed network/name': (deployments) => {
    const entries = deployments.map((each) => {
      const { networkName, contractName } = each;
      const rest = without(each, 'key', 'networkName', 'contractName');
      const value: Json = { ...rest, source: contractName };
      return [`${networkName}/${shortName(contractName)}`, value] as const;
    });
    return [{ file: 'registry.json', pointer: '', value: Object.fromEntries(entries) }];
  },
  'rows with a header': (deployments) => {
    const columns = [
      'contractName',
      'networkName',
      'chainId',
      'address',
      'proxyAddress',
      'implementationHash',
    ] as const;
    const more = [
      'factoryByteCodeHash',
      'transactionHash',
      'timestamp',
      'deployer',
      'verified',
      'schemaVersion',
    ] as const;
    const rows = deployments.map((each): Json => [
      ...[...columns, ...more].map((column) => each[column] ?? ''),
      ...each.deploymentArgs,
    ]);
    return [
      { file: 'registry.json', pointer: '', value: { rows: [[...columns, ...more, 'deploymentArgs'], ...rows] } },
    ];
  },
  'two files with references': (deployments) => {
    const networks = [...new Set(deployments.map(({ networkName, chainId }) => `${chainId} ${networkName}`))];
    const contracts = deployments.map((each, at) => {
      const { networkName, chainId, contractName } = each;
      const rest = without(each, 'key', 'networkName', 'chainId', 'contractName');
      const networkId = `n${networks.indexOf(`${chainId} ${networkName}`)}`;
      return { id: `c${at}`, networkId, name: contractName, ...rest };
    });
    const list = networks.map((network, at) => {
      const [chainId = '', name = ''] = network.split(' ');
      return { id: `n${at}`, chainId: Number(chainId), name };
    });
    return [
      { file: 'contracts.json', pointer: '', value: contracts },
      { file: 'networks.json', pointer: '', value: list },
    ];
  },
};
