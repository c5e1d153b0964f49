import { plural } from './plural.ts';
import type { Deployments } from './recorded-deployments.ts';

const SHOWN = 6;

/** `21 addresses: 12 on chain 1, 7 on chain 56, 2 on chain 31337 (local)`. */
export function sayDeployments({ addresses, chains }: Pick<Deployments, 'addresses' | 'chains'>): string {
  const all = Object.entries(chains);
  const said = all
    .slice(0, SHOWN)
    .map(([chainId, facts]) => `${facts.addresses} on ${sayChain(chainId)}${facts.local ? ' (local)' : ''}`);
  const more = all.length > SHOWN ? `, and on ${plural(all.length - SHOWN, 'more chain')}` : '';
  return `${plural(addresses, 'address', 'addresses')}: ${said.join(', ')}${more}`;
}

/** `chain 56`, or that it is not known. */
export function sayChain(chainId: string): string {
  return chainId === 'unknown' ? 'a chain that is not known' : `chain ${chainId}`;
}
