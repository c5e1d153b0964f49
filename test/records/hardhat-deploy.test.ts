import { describe, expect, test } from 'vitest';
import { brief, recordedIn } from './support/recorded-in.ts';

/** As in the files of the projects that the tests name; the rest of each file is left out. */
const ABI = [{ type: 'function', name: 'owner', inputs: [], outputs: [], stateMutability: 'view' }];
const CODE = '0x6080604052348015600f57600080fd5b50';

describe('hardhat-deploy', () => {
  /** After deployments/ of ensdomains/ens-contracts. */
  const ENS = {
    'deployments/mainnet/.chainId': '1',
    'deployments/mainnet/.migrations.json': { ens: 1626404011, root: 1580387832 },
    'deployments/mainnet/Root.json': { address: '0xaB528d626EC275E3faD363fF1393A41F581c5897', abi: ABI },
    'deployments/mainnet/PublicResolver.json': {
      address: '0x231b0Ee14048e9dCcD1d247744d114a4EB5E8E63',
      abi: ABI,
      transactionHash: '0x1f2aa6dfd3bd3f3f3b8e3c8d5e6f8e0f9b5b5a8c6d7e8f901112131415161718',
      receipt: { to: null, from: '0x0904Dac3347eA47d208F3Fd67402D039a3b99859', status: 1 },
      args: ['0x00000000000C2E074eC69A0dFb2997BA6C7d2e1e'],
      numDeployments: 1,
      solcInputHash: 'dd9e022689821cffaeb04b9ddbda87ae',
      metadata: '{"compiler":{"version":"0.8.17+commit.8df45f5f"}}',
      bytecode: CODE,
      deployedBytecode: CODE,
    },
    'deployments/mainnet/solcInputs/dd9e022689821cffaeb04b9ddbda87ae.json': { language: 'Solidity', sources: {} },
    'deployments/sepolia/.chainId': '11155111\n',
    'deployments/sepolia/Root.json': {
      address: '0xDaaF96c344f63131acadD0Ea35170E7892d3dfBA',
      abi: ABI,
      receipt: {},
      bytecode: CODE,
    },
  };

  test('each file is a deployment on the chain of its folder; one that others deployed has no code, and that is no warning', async () => {
    const { deployments, findings } = await recordedIn(ENS);
    expect(deployments).toEqual([
      {
        chainId: '1',
        address: '0x231b0Ee14048e9dCcD1d247744d114a4EB5E8E63',
        name: 'PublicResolver',
        format: 'hardhat-deploy',
        file: 'deployments/mainnet/PublicResolver.json',
        pointer: '',
      },
      {
        chainId: '1',
        address: '0xaB528d626EC275E3faD363fF1393A41F581c5897',
        name: 'Root',
        format: 'hardhat-deploy',
        file: 'deployments/mainnet/Root.json',
        pointer: '',
      },
      {
        chainId: '11155111',
        address: '0xDaaF96c344f63131acadD0Ea35170E7892d3dfBA',
        name: 'Root',
        format: 'hardhat-deploy',
        file: 'deployments/sepolia/Root.json',
        pointer: '',
      },
    ]);
    expect(findings).toMatchObject([
      {
        code: 'artifact-incomplete',
        severity: 'info',
        path: 'deployments/mainnet/Root.json',
        message: 'deployments/mainnet/Root.json: it has no bytecode',
        category: 'c',
        source: 's',
      },
    ]);
  });

  test('without its .chainId the chain is not known, and a bare address with an ABI is taken for no deployment', async () => {
    const { '.chainId': _, ...others } = Object.fromEntries(
      Object.entries(ENS).map(([file, content]) => [file.replace('deployments/mainnet/', ''), content]),
    );
    const { deployments } = await recordedIn(others);
    expect(brief(deployments)).toEqual([
      'unknown PublicResolver 0x231b0Ee14048e9dCcD1d247744d114a4EB5E8E63',
      '11155111 Root 0xDaaF96c344f63131acadD0Ea35170E7892d3dfBA',
    ]);
  });

  test('an artifact without ABI is a warning', async () => {
    const { findings } = await recordedIn({
      ...ENS,
      'deployments/mainnet/Root.json': {
        address: '0xaB528d626EC275E3faD363fF1393A41F581c5897',
        bytecode: CODE,
        args: [],
      },
    });
    expect(findings).toMatchObject([
      { code: 'artifact-incomplete', severity: 'warning', message: 'deployments/mainnet/Root.json: it has no ABI' },
    ]);
  });

  test('a proxy has an implementation, which has to be recorded', async () => {
    const proxy = '0xFc79aa2AeeAc6D08d7A39faf1dbEe5AC0e63DFc8';
    const implementation = '0x785881911602F6e6c9eACBcC0a0A1da4398e702F';
    const artifact = { abi: ABI, receipt: {}, args: [], bytecode: CODE };
    const tree = {
      'deployments/polygon/.chainId': '137',
      'deployments/polygon/Vault.json': { address: proxy, implementation, ...artifact },
      'deployments/polygon/Vault_Proxy.json': { address: proxy, ...artifact },
      'deployments/polygon/Vault_Implementation.json': { address: implementation.toLowerCase(), ...artifact },
    };
    const { deployments, findings } = await recordedIn(tree);
    expect(findings).toEqual([]);
    expect(deployments[0]).toMatchObject({ address: proxy, proxy, implementation });
    const { 'deployments/polygon/Vault_Implementation.json': _, ...without } = tree;
    expect((await recordedIn(without)).findings).toMatchObject([
      {
        code: 'implementation-unknown',
        path: 'deployments/polygon/Vault.json',
        message: `deployments/polygon/Vault.json: Vault (${proxy}, chain 137) points to ${implementation}, which nothing else records`,
        evidence: { all: [{ chainId: '137', address: proxy, implementation }] },
      },
    ]);
  });
});

/** After contracts/deployments/sepolia/ of wighawag/template-ethereum-contracts. */
test('rocketh: .chain states the chain, and what stands beside a proxy says what is behind it', async () => {
  const proxy = '0x8e18828e7c687f4ee3c08f474129875506255de0';
  const artifact = { abi: ABI, bytecode: CODE, argsData: '0x', transaction: { nonce: '0x33c' }, receipt: {} };
  const { deployments, findings } = await recordedIn({
    'deployments/sepolia/.chain':
      '{"chainId":"11155111","genesisHash":"0x25a5cc106eea7138acab33231d7160d69cb777ee0c2c553fcddf5138993e6dd9"}',
    'deployments/sepolia/GreetingsRegistry.json': { address: proxy, ...artifact, linkedData: { prefix: '' } },
    'deployments/sepolia/GreetingsRegistry_Implementation.json': {
      address: '0x785881911602F6e6c9eACBcC0a0A1da4398e702F',
      ...artifact,
    },
    'deployments/sepolia/GreetingsRegistry_Proxy.json': { address: proxy, ...artifact },
  });
  expect(findings).toEqual([]);
  expect(deployments).toHaveLength(3);
  expect(deployments[0]).toEqual({
    chainId: '11155111',
    address: proxy,
    name: 'GreetingsRegistry',
    proxy,
    implementation: '0x785881911602F6e6c9eACBcC0a0A1da4398e702F',
    format: 'rocketh',
    file: 'deployments/sepolia/GreetingsRegistry.json',
    pointer: '',
  });
});
