import type { Finding } from '../model/finding.ts';

/** What is found about a chain: code, severity, and what to do. The messages are in ask-chain.ts. */
export const KINDS = {
  notProven: {
    code: 'chain-not-proven',
    severity: 'error',
    recommendation: 'Try again, or ask another node of the chain: what was not answered is not known.',
  },
  nothingRecorded: {
    code: 'chain-not-proven',
    severity: 'error',
    recommendation: 'Give the id of a chain on which something is recorded: migbackup show lists them.',
  },
  otherChain: {
    code: 'chain-other',
    severity: 'error',
    recommendation: 'Give the URL of a node of the chain that is asked for.',
  },
  codeMissing: {
    code: 'code-missing',
    severity: 'error',
    recommendation:
      'Find out whether the address or the chain is wrong, or the contract was destroyed, before a script uses the record.',
  },
  codeDiffers: {
    code: 'code-differs',
    severity: 'error',
    recommendation:
      'Find out which is right: the address, or the artifact, which may have been compiled again since the contract was deployed.',
  },
  moved: {
    code: 'implementation-differs',
    severity: 'error',
    recommendation:
      'If the proxy was upgraded on purpose, record the new implementation; if nobody knows of it, act now.',
  },
  notSeen: {
    code: 'implementation-not-seen',
    severity: 'error',
    recommendation: 'Find out whether the address is wrong, or ask the contract itself: it is no ERC-1967 proxy.',
  },
  stale: {
    code: 'implementation-stale',
    severity: 'warning',
    recommendation: 'Correct the record: the other one is as the chain is.',
  },
  notRecorded: {
    code: 'implementation-not-recorded',
    severity: 'warning',
    recommendation: 'Find out who upgraded it and to what, and record it.',
  },
  otherAdmin: {
    code: 'admin-not-recorded',
    severity: 'warning',
    recommendation: 'Find out who may upgrade it, and record it.',
  },
} as const satisfies Readonly<Record<string, Pick<Finding, 'code' | 'severity' | 'recommendation'>>>;
export type Kind = (typeof KINDS)[keyof typeof KINDS];
