import type { Finding } from '../../model/finding.ts';
import type { Deployments } from '../../model/recorded-deployments.ts';
import { plural } from '../../model/plural.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { checksOfFindings, type FindingKind } from './inventory.ts';

const KINDS: readonly FindingKind[] = [
  {
    id: 'registries-valid',
    code: 'registry-invalid',
    good: 'every deployment registry parses',
    many: 'deployment registries do not parse, or are not what their tools write',
  },
  {
    id: 'registries-read',
    code: 'registry-not-read',
    good: 'every file that may be a deployment registry was looked at',
    many: 'causes why files that may be deployment registries were not looked at',
  },
  {
    id: 'chains-agree',
    code: 'chain-differs',
    good: 'every chain id is that of its folder',
    many: 'deployment registries have another chain id than their folders',
  },
  {
    id: 'addresses-valid',
    code: 'address-invalid',
    good: 'every recorded address is valid',
    many: 'deployment registries have addresses that are not valid',
  },
  {
    id: 'artifacts-complete',
    code: 'artifact-incomplete',
    good: 'every artifact has an ABI and bytecode',
    many: 'artifacts of deployments lack their ABI or bytecode',
  },
  {
    id: 'implementations-known',
    code: 'implementation-unknown',
    good: 'the implementation of every proxy is recorded',
    many: 'deployment registries have proxies whose implementation nothing else records',
  },
  {
    id: 'journals-agree',
    code: 'journal-differs',
    good: 'every Ignition journal agrees with its deployed_addresses.json',
    many: 'lists of deployed addresses are not what their journals add up to',
  },
  {
    id: 'journals-whole',
    code: 'journal-broken',
    good: 'every line of every Ignition journal is whole',
    many: 'Ignition journals have lines that are not JSON',
  },
];

/** How many addresses are recorded on which chains, and what is wrong with the registries. */
export function checkDeployments(deployments: Deployments, findings: readonly Finding[]): CheckResult[] {
  const { addresses, chains } = deployments;
  const found = `${plural(addresses, 'address', 'addresses')} on ${plural(Object.keys(chains).length, 'chain')}`;
  const unknownCount = chains['unknown']?.addresses ?? 0;
  const lacking = unknownCount === 0 ? '' : `, ${unknownCount} of them on a chain that is not known`;
  const message = addresses === 0 ? 'no deployment is recorded' : `${found}${lacking}`;
  const about = { id: 'deployments', group: 'deployments', message, evidence: { addresses, chains } } as const;
  const unknown = new Set(deployments.recorded.filter(({ chainId }) => chainId === 'unknown').map(({ file }) => file));
  const chainsKnown: CheckResult =
    unknown.size === 0
      ? { ...about, status: 'ok' }
      : {
          ...about,
          status: 'info',
          paths: [...unknown],
          recommendation: `Find out on which chain ${unknown.size === 1 ? 'this file records' : 'these files record'} addresses: a .chainId, a journal or a key chainId is missing. They count as live.`,
        };
  return [chainsKnown, ...checksOfFindings('deployments', KINDS, findings)];
}
