import { isObject, own, ownText, pointerTo } from './json.ts';
import { chainIdOf, type Found, type Registry } from './registry.ts';

/** The networks that OpenZeppelin's plugins name a manifest after (upgrades-core, provider.ts, `networkNames`); others are `unknown-<chain id>`. */
const NETWORKS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    mainnet: '1',
    morden: '2',
    ropsten: '3',
    rinkeby: '4',
    goerli: '5',
    optimism: '10',
    kovan: '42',
    bsc: '56',
    'bsc-testnet': '97',
    polygon: '137',
    'optimism-goerli': '420',
    base: '8453',
    holesky: '17000',
    'arbitrum-one': '42161',
    'arbitrum-nova': '42170',
    'avalanche-fuji': '43113',
    avalanche: '43114',
    celo: '42220',
    'celo-alfajores': '44787',
    'polygon-mumbai': '80001',
    'base-sepolia': '84532',
    'arbitrum-goerli': '421613',
    sepolia: '11155111',
    'op-sepolia': '11155420',
  }),
);

/** The chain that a manifest is called after; `dev-<chain id>` is what OpenZeppelin's SDK wrote. */
export function chainOfManifest(path: string): string | undefined {
  const [, name = ''] = /([^/]+)\.json$/.exec(path) ?? [];
  const [, id] = /^(?:unknown|dev)-(\d+)$/.exec(name) ?? [];
  return chainIdOf(id) ?? NETWORKS.get(name);
}

/**
 * A manifest of OpenZeppelin's upgrades plugins (upgrades-core, manifest.ts, `ManifestData`): proxies and implementations without names, and the admin.
 * Or one of the SDK before them, in which proxies have names and implementations.
 */
export function readOpenZeppelin(path: string, value: unknown): Registry | null {
  if (ownText(value, 'manifestVersion') === undefined) return null;
  const [proxies, impls] = [own(value, 'proxies'), own(value, 'impls')];
  const chainId = chainOfManifest(path);
  if (isObject(impls)) {
    const listed = Array.isArray(proxies) ? proxies : [];
    const found: Found[] = [
      ...listed.map((proxy: unknown, at) => ({
        name: null,
        address: own(proxy, 'address'),
        isProxy: true,
        pointer: pointerTo('proxies', at),
      })),
      ...Object.entries(impls).flatMap(([version, impl]) => implementations(impl, pointerTo('impls', version))),
      ...(isObject(own(value, 'admin'))
        ? [{ name: null, address: own(own(value, 'admin'), 'address'), pointer: '/admin' }]
        : []),
    ];
    return { format: 'openzeppelin', path, chainId, found };
  }
  if (!isObject(proxies) || chainId === undefined) return null;
  return { format: 'openzeppelin', path, chainId, found: ofSdk(value, proxies) };
}

/** `allAddresses` has `address` too, and where the same code was deployed again. */
function implementations(impl: unknown, at: string): Found[] {
  const first = own(impl, 'address');
  const all = own(impl, 'allAddresses');
  const others = Array.isArray(all) ? all.map((address: unknown, index) => ({ address, index })) : [];
  return [
    { name: null, address: first, pointer: at },
    ...others
      .filter(({ address }) => address !== first)
      .map(({ address, index }) => ({ name: null, address, pointer: `${at}${pointerTo('allAddresses', index)}` })),
  ];
}

function ofSdk(manifest: unknown, proxies: Readonly<Record<string, unknown>>): Found[] {
  const ofProxies = Object.entries(proxies).flatMap(([name, list]) =>
    (Array.isArray(list) ? list : []).map((proxy: unknown, at): Found => {
      const isProxy = ownText(proxy, 'kind') !== 'NonProxy';
      const behind = isProxy ? { isProxy, implementation: own(proxy, 'implementation') } : {};
      return { name, address: own(proxy, 'address'), ...behind, pointer: pointerTo('proxies', name, at) };
    }),
  );
  const alone = ['contracts', 'solidityLibs'].flatMap((key) => {
    const members = own(manifest, key);
    return Object.entries(isObject(members) ? members : {}).flatMap(([name, contract]): Found[] => {
      const address = own(contract, 'address');
      return address === undefined ? [] : [{ name, address, pointer: pointerTo(key, name) }];
    });
  });
  const admins = ['proxyAdmin', 'proxyFactory', 'app', 'package', 'provider'].flatMap((key): Found[] => {
    const address = own(own(manifest, key), 'address');
    return address === undefined ? [] : [{ name: key, address, pointer: pointerTo(key) }];
  });
  return [...ofProxies, ...alone, ...admins];
}
