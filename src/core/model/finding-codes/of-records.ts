import type { FindingFacts } from './finding-facts.ts';

/** What is found in deployment registries. */
export const OF_RECORDS = {
  'What deployment registries record': {
    'registry-invalid': {
      severity: ['warning'],
      meaning:
        'A file in the place of a deployment registry does not parse, or is not what its tool writes, so it is not known what it records.',
      advice: 'Correct it, or bring it back from a backup, before something reads or overwrites it.',
    },
    'registry-not-read': {
      severity: ['warning'],
      meaning:
        'A file that may be a deployment registry was not looked at: it cannot be read, it is a link, it is too big, or there are too many.',
      advice: 'Remove the cause that the message names if the file records deployments.',
    },
    'chain-differs': {
      severity: ['warning'],
      meaning: 'The chain id in a deployment registry is not the one that its folder states.',
      advice:
        'Find out which of them is right before a script uses the addresses: one may be those of another network.',
    },
    'address-invalid': {
      severity: ['warning'],
      meaning:
        'Something in the place of an address in a deployment registry is not one, or fails its EIP-55 checksum, so it was altered.',
      advice: 'Look it up in the transaction that deployed it, or in a backup, and correct it.',
    },
    'artifact-incomplete': {
      severity: ['warning', 'info'],
      meaning:
        'The artifact of a deployment has no ABI (a warning), or only no bytecode (info: so it is if somebody else deployed the contract).',
      advice: 'Compile the contract again, or bring the artifact back from a backup, before something needs it.',
    },
    'implementation-unknown': {
      severity: ['warning'],
      meaning: 'A proxy points to an implementation that no manifest of its chain records.',
      advice:
        'Bring the manifest back from a backup, or register the implementation (forceImport of the OpenZeppelin plugins), before the next upgrade is compared with it.',
    },
    'journal-differs': {
      severity: ['warning'],
      meaning: 'The deployed_addresses.json of a Hardhat Ignition deployment is not what its journal adds up to.',
      advice: 'Correct deployed_addresses.json: Ignition itself goes by the journal.',
    },
    'journal-broken': {
      severity: ['warning'],
      meaning: 'The journal of a Hardhat Ignition deployment has a line that is not JSON; often the last line was cut.',
      advice:
        'Look up on the chain what its transaction did before you remove the line: Ignition reads no journal that has one.',
    },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, FindingFacts>>>>;
