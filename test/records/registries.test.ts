import { describe, expect, test } from 'vitest';
import { recordedIn } from './support/recorded-in.ts';

/** As in the files of the projects that the tests name; the rest of each file is left out. */
const ABI = [{ type: 'function', name: 'owner', inputs: [], outputs: [], stateMutability: 'view' }];
const CODE = '0x6080604052348015600f57600080fd5b50';

describe('OpenZeppelin', () => {
  /** After .openzeppelin/bsc.json of lookcard-dev/lookcoin-contract. */
  const BSC = {
    manifestVersion: '3.2',
    proxies: [{ address: '0x7d919E3ac306BBA4e5c85E40fB665126586C992d', txHash: '0x39510f', kind: 'uups' }],
    impls: {
      '9afbdc01fe76535a2c90290e0e073145932007703be12aa4bc73c7d5353862ca': {
        address: '0xA5b4247004c15ba2CaaB569B35A95d64599e6f45',
        txHash: '0xb273aa',
        layout: { solcVersion: '0.8.28', storage: [], types: {} },
        allAddresses: ['0xA5b4247004c15ba2CaaB569B35A95d64599e6f45', '0xF978A855042D39a81cF620B9dB6730a41Ba36270'],
      },
    },
    admin: { address: '0x63DBfB3749E7d4a26672d3525e821d25445532C6' },
  };

  test('proxies, implementations and the admin have no names; the name of the file says the chain', async () => {
    const { deployments, findings } = await recordedIn({
      '.openzeppelin/bsc.json': BSC,
      '.openzeppelin/unknown-23295.json': { ...BSC, impls: {}, proxies: [], admin: BSC.admin },
      '.openzeppelin/somewhere.json': { ...BSC, proxies: [], admin: undefined },
      '.openzeppelin/project.json': { manifestVersion: '2.2', contracts: { Box: 'Box' }, name: 'box' },
    });
    expect(findings).toEqual([]);
    expect(deployments.map((one) => `${one.file}#${one.pointer} ${one.chainId} ${one.proxy === one.address}`)).toEqual([
      '.openzeppelin/bsc.json#/proxies/0 56 true',
      '.openzeppelin/bsc.json#/impls/9afbdc01fe76535a2c90290e0e073145932007703be12aa4bc73c7d5353862ca 56 false',
      '.openzeppelin/bsc.json#/impls/9afbdc01fe76535a2c90290e0e073145932007703be12aa4bc73c7d5353862ca/allAddresses/1 56 false',
      '.openzeppelin/bsc.json#/admin 56 false',
      '.openzeppelin/somewhere.json#/impls/9afbdc01fe76535a2c90290e0e073145932007703be12aa4bc73c7d5353862ca unknown false',
      '.openzeppelin/somewhere.json#/impls/9afbdc01fe76535a2c90290e0e073145932007703be12aa4bc73c7d5353862ca/allAddresses/1 unknown false',
      '.openzeppelin/unknown-23295.json#/admin 23295 false',
    ]);
  });

  test('a manifest with proxies and no implementation at all', async () => {
    const { findings } = await recordedIn({ '.openzeppelin/mainnet.json': { ...BSC, impls: {} } });
    expect(findings).toMatchObject([
      { code: 'implementation-unknown', message: '.openzeppelin/mainnet.json: it has 1 proxy and no implementation' },
    ]);
  });

  /** After .openzeppelin/kovan.json of FourRX/4rx. */
  test('the SDK before the plugins: proxies have names', async () => {
    const { deployments } = await recordedIn({
      '.openzeppelin/dev-5777.json': {
        contracts: { Box: { address: '0x9642350d622839ef58229C08437aB3A90b335099' } },
        solidityLibs: {},
        proxies: {
          '4RXFinance/FourRXFinance': [
            { address: '0x3e5eD8cE957A1F041C15620FFc2F9451CC98DD86', kind: 'NonProxy' },
            {
              address: '0xd69113C5aA45A97AA63b09D540644976F25d9489',
              kind: 'Upgradeable',
              implementation: '0x7C86683e5493A9e04aB70458dBA2A1eA1afb4B5D',
            },
          ],
        },
        manifestVersion: '2.2',
      },
    });
    expect(
      deployments.map(({ chainId, name, pointer, proxy, implementation }) => ({
        chainId,
        name,
        pointer,
        proxy,
        implementation,
      })),
    ).toEqual([
      { chainId: '5777', name: '4RXFinance/FourRXFinance', pointer: '/proxies/4RXFinance~1FourRXFinance/0' },
      {
        chainId: '5777',
        name: '4RXFinance/FourRXFinance',
        pointer: '/proxies/4RXFinance~1FourRXFinance/1',
        proxy: '0xd69113C5aA45A97AA63b09D540644976F25d9489',
        implementation: '0x7C86683e5493A9e04aB70458dBA2A1eA1afb4B5D',
      },
      { chainId: '5777', name: 'Box', pointer: '/contracts/Box' },
    ]);
  });
});

describe('Foundry', () => {
  const hash = '0xbc5be668ab62069f5ac227c23a8b8fd85dd95c3754f7faddb8330048192adf88';
  const creation = {
    hash,
    transactionType: 'CREATE2',
    contractName: 'P256Verifier',
    contractAddress: '0xc2b78104907F722DABAc4C69f826a522B2754De4',
    function: null,
    arguments: null,
    transaction: { type: '0x02', from: '0x9a57d792cc04a7bceb5d1f8b1b7af5f8e5695e54', data: '0x6080' },
    additionalContracts: [],
  };
  /** After broadcast/Deploy.s.sol/ of daimo-eth/p256-verifier. */
  const RUN = {
    transactions: [creation],
    receipts: [{ transactionHash: hash, status: '0x1', contractAddress: creation.contractAddress }],
    libraries: [],
    pending: [],
    returns: {},
    timestamp: 1696804730,
    chain: 10,
    multi: false,
    commit: '4e81813',
  };

  test('what was created, also by a call; the chain is in the file, and the folder has to agree', async () => {
    const call = {
      ...creation,
      hash: '0x02',
      transactionType: 'CALL',
      contractName: 'Factory',
      contractAddress: '0x4e59b44847b379578588920cA78FbF26c0B4956C',
      additionalContracts: [
        {
          transactionType: 'CREATE',
          contractName: null,
          address: '0x2Cb44be259Faaf41412d5220aC4b146BD85a4B15',
          initCode: '0x',
        },
      ],
    };
    const { deployments, findings } = await recordedIn({
      'broadcast/Deploy.s.sol/10/run-latest.json': { ...RUN, transactions: [creation, call] },
      'broadcast/Deploy.s.sol/8453/run-1696804730.json': RUN,
      'broadcast/Deploy.s.sol/84531/run-latest.json': { ...RUN, chain: undefined },
    });
    expect(deployments.map((one) => `${one.chainId} ${one.name} ${one.address} ${one.pointer}`)).toEqual([
      '10 P256Verifier 0xc2b78104907F722DABAc4C69f826a522B2754De4 /transactions/0',
      '10 null 0x2Cb44be259Faaf41412d5220aC4b146BD85a4B15 /transactions/1/additionalContracts/0',
      '10 P256Verifier 0xc2b78104907F722DABAc4C69f826a522B2754De4 /transactions/0',
      '84531 P256Verifier 0xc2b78104907F722DABAc4C69f826a522B2754De4 /transactions/0',
    ]);
    expect(findings).toMatchObject([
      {
        code: 'chain-differs',
        path: 'broadcast/Deploy.s.sol/8453/run-1696804730.json',
        message:
          'broadcast/Deploy.s.sol/8453/run-1696804730.json: its chain id is 10, but its folder says 8453; it was counted as 10',
      },
    ]);
  });

  test('what was not sent or was reverted is no deployment', async () => {
    const { deployments, findings } = await recordedIn({
      'broadcast/Deploy.s.sol/10/dry-run/run-latest.json': {
        ...RUN,
        transactions: [{ ...creation, hash: null }],
        receipts: [],
      },
      'broadcast/Deploy.s.sol/10/run-latest.json': { ...RUN, receipts: [{ transactionHash: hash, status: '0x0' }] },
    });
    expect({ deployments, findings }).toEqual({ deployments: [], findings: [] });
  });

  /** After broadcast/multi/ of ScopeLift/l2-flexible-voting. */
  test('a run on several chains', async () => {
    const { deployments } = await recordedIn({
      'broadcast/multi/Deploy.s.sol-latest/run.json': {
        deployments: [
          { ...RUN, chain: 43113 },
          { ...RUN, chain: 80001 },
        ],
        timestamp: 1,
      },
    });
    expect(deployments.map(({ chainId, pointer }) => `${chainId} ${pointer}`)).toEqual([
      '43113 /deployments/0/transactions/0',
      '80001 /deployments/1/transactions/0',
    ]);
  });
});

/** After build/contracts/ of 0722-EDD/transporte-publico-eth. */
test('Truffle: an address for each network; an artifact that was never deployed is no registry', async () => {
  const address = '0x24e3f7d4b48bbaf563236bd9dfb4a59f7578e0a1';
  const artifact = {
    contractName: 'Migrations',
    abi: ABI,
    bytecode: CODE,
    deployedBytecode: CODE,
    schemaVersion: '3.0.7',
  };
  const { deployments, findings } = await recordedIn({
    'build/contracts/Migrations.json': {
      ...artifact,
      networks: {
        5777: { events: {}, links: {}, address, transactionHash: '0x16d0' },
        1: { events: {}, links: {}, address },
      },
    },
    'build/contracts/Ownable.json': { ...artifact, contractName: 'Ownable', networks: {} },
    'build/contracts/IToken.json': {
      ...artifact,
      contractName: 'IToken',
      bytecode: '0x',
      deployedBytecode: '0x',
      networks: { 1: { address } },
    },
  });
  expect(deployments.map(({ chainId, name, pointer }) => `${chainId} ${name} ${pointer}`)).toEqual([
    '1 IToken /networks/1',
    '1 Migrations /networks/1',
    '5777 Migrations /networks/5777',
  ]);
  expect(findings).toMatchObject([
    { code: 'artifact-incomplete', severity: 'info', path: 'build/contracts/IToken.json' },
  ]);
});

describe('unified and legacy', () => {
  const LOOKCOIN = {
    proxy: '0x7d919E3ac306BBA4e5c85E40fB665126586C992d',
    implementation: '0xF978A855042D39a81cF620B9dB6730a41Ba36270',
  };
  const HASH = '0x035df318e7b4d02767fc5d749d77c0cd1f8a24e45950df940b71de21b6b81d49';
  /** After deployments/ of lookcard-dev/lookcoin-contract. */
  const UNIFIED = {
    schemaVersion: '3.0.0',
    network: 'bscmainnet',
    chainId: 56,
    metadata: { deployer: '0x6Fb9955AA9d3f77CB3281633FC6e57B249a26b21' },
    contracts: {
      core: { LookCoin: { ...LOOKCOIN, address: LOOKCOIN.implementation, timestamp: 1753441878006 }, SupplyOracle: {} },
      infrastructure: { CrossChainContract: { address: '0xDD6e927c534fcd541a7D6053eDe35De48aD38bbc' } },
      legacy: { 'contracts/xchain/CrossChainRouter.sol:CrossChainRouter': { currentName: 'CrossChainRouter' } },
    },
    configuration: { governance: { vault: '0x6fb9955aa9d3f77cb3281633fc6e57b249a26b21' } },
    verification: { implementationHashes: { LookCoin: HASH, CrossChainContract: '0xcrossimpl' } },
    extended_CrossChainContract: { implementationHash: HASH, timestamp: 1753441878006 },
  };
  const LEGACY = {
    network: 'bscmainnet',
    chainId: 56,
    contracts: { LookCoin: LOOKCOIN },
    implementationHashes: { LookCoin: HASH },
    protocolContracts: { layerZeroModule: '0xFc79aa2AeeAc6D08d7A39faf1dbEe5AC0e63DFc8' },
  };

  test('a unified registry: contracts in groups, their hashes elsewhere', async () => {
    const { deployments, findings } = await recordedIn({ 'deployments/unified/bscmainnet.unified.json': UNIFIED });
    expect(findings).toEqual([]);
    expect(deployments).toEqual([
      {
        chainId: '56',
        address: LOOKCOIN.proxy,
        name: 'LookCoin',
        ...LOOKCOIN,
        codeHash: HASH,
        format: 'unified',
        file: 'deployments/unified/bscmainnet.unified.json',
        pointer: '/contracts/core/LookCoin',
      },
      {
        chainId: '56',
        address: '0xDD6e927c534fcd541a7D6053eDe35De48aD38bbc',
        name: 'CrossChainContract',
        format: 'unified',
        file: 'deployments/unified/bscmainnet.unified.json',
        pointer: '/contracts/infrastructure/CrossChainContract',
      },
    ]);
  });

  test('a legacy registry: contracts by name; what only says how a network is configured is none', async () => {
    const { deployments } = await recordedIn({
      'deployments/bscmainnet.json': LEGACY,
      'deployments/sources.json': { network: 'x', contracts: { Token: 'contracts/Token.sol' } },
      'deployments/config-bsctestnet.json': {
        chainId: 97,
        network: 'bsctestnet',
        layerZeroRemotes: [{ chainId: 40245 }],
      },
    });
    expect(deployments).toMatchObject([
      {
        chainId: '56',
        name: 'LookCoin',
        ...LOOKCOIN,
        codeHash: HASH,
        format: 'legacy',
        pointer: '/contracts/LookCoin',
      },
      { chainId: '56', name: 'layerZeroModule', pointer: '/protocolContracts/layerZeroModule' },
    ]);
  });

  test('a manifest of the chain has to know the implementation; where there is none of the chain, nothing is said', async () => {
    const manifest = {
      manifestVersion: '3.2',
      proxies: [{ address: LOOKCOIN.proxy, kind: 'uups' }],
      impls: { a: { address: '0xA5b4247004c15ba2CaaB569B35A95d64599e6f45' } },
    };
    const files = { 'deployments/bscmainnet.json': LEGACY };
    expect((await recordedIn({ ...files, '.openzeppelin/bsc.json': manifest })).findings).toMatchObject([
      { code: 'implementation-unknown', path: 'deployments/bscmainnet.json' },
    ]);
    const knows = { ...manifest, impls: { b: { address: LOOKCOIN.implementation.toLowerCase() } } };
    expect((await recordedIn({ ...files, '.openzeppelin/bsc.json': knows })).findings).toEqual([]);
    expect((await recordedIn({ ...files, '.openzeppelin/polygon.json': manifest })).findings).toEqual([]);
  });
});
