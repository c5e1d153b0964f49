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
  'What a chain says about the records (verify --chain)': {
    'chain-not-proven': {
      severity: ['error'],
      meaning:
        'The node of a chain could not be asked about every address that the backup records on it, or the backup records none.',
      advice: 'Try again, or ask another node: what was not answered is not known.',
    },
    'chain-other': {
      severity: ['error'],
      meaning: 'The node that was given for a chain is one of another chain, so nothing else was asked.',
      advice: 'Give the URL of a node of the chain that is asked for.',
    },
    'chain-not-asked': {
      severity: ['info'],
      meaning: 'The backup records addresses on chains that --chain does not name, or on a chain that is not known.',
      advice: 'Name them too if they should be proven.',
    },
    'code-missing': {
      severity: ['error'],
      meaning: 'There is no contract at a recorded address on its chain, or where the proxy there points.',
      advice:
        'Find out whether the address or the chain is wrong, or the contract was destroyed, before a script uses the record.',
    },
    'code-differs': {
      severity: ['error'],
      meaning: 'The contract at a recorded address has other code than its artifact in the backup.',
      advice:
        'Find out which is right: the address, or the artifact, which may have been compiled again since the contract was deployed.',
    },
    'implementation-differs': {
      severity: ['error'],
      meaning: 'A proxy points to another implementation than its record says.',
      advice: 'If it was upgraded on purpose, record the new implementation; if nobody knows of it, act now.',
    },
    'implementation-not-seen': {
      severity: ['error'],
      meaning: 'A contract is a proxy or recorded as one, and nothing that is known says where it points.',
      advice: 'Find out whether the address is wrong, or ask the contract itself: it is no ERC-1967 proxy.',
    },
    'implementation-stale': {
      severity: ['warning'],
      meaning: 'A proxy points where the record of its implementation says, and its own record says another address.',
      advice: 'Correct the record: the other one is as the chain is.',
    },
    'implementation-not-recorded': {
      severity: ['warning'],
      meaning:
        'A contract is a proxy and points to an implementation, or asks a beacon, that nothing in the backup records.',
      advice: 'Find out who upgraded it and to what, and record it.',
    },
    'admin-not-recorded': {
      severity: ['warning'],
      meaning: 'The admin of a proxy is none of those that the backup records on its chain.',
      advice: 'Find out who may upgrade it, and record it.',
    },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, FindingFacts>>>>;
