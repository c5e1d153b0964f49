import { Flags } from '@oclif/core';
import { BackupError } from '../core/model/backup-error.ts';

/** `--chain` of `verify`: parseChains says what its words mean. */
export const chainFlag = Flags.string({
  summary: 'Also compare the deployments recorded on this chain with what a node of it says (repeatable)',
  description:
    'Without =URL, the URL is taken from the environment: MIGBACKUP_CHAIN_56 for --chain 56. Use that if the URL has a key in it, because other users of the machine can read command lines.',
  multiple: true,
  multipleNonGreedy: true,
  helpValue: 'ID[=URL]',
  exclusive: ['all'],
});

const HINT = 'For example: --chain 56=https://bsc.example.org, or --chain 56 with the URL in MIGBACKUP_CHAIN_56.';

/**
 * `56=https://…` or `56`, whose URL is in the environment. No URL is repeated in an error, because it may have a key in it.
 * @returns chain id in decimal -> URL of a node
 * @throws USAGE
 */
export function parseChains(words: readonly string[], env: NodeJS.ProcessEnv): Map<string, URL> {
  const chains = new Map<string, URL>();
  for (const word of words) {
    const [, id, stated] = /^([1-9]\d{0,77})(?:=(.*))?$/s.exec(word) ?? [];
    if (id === undefined) {
      const [name = ''] = word.split('=');
      // It may be a URL whose chain id was forgotten.
      throw usage(
        /^\w{1,20}$/.test(name) ? `--chain ${name} is not a chain id` : '--chain does not begin with a chain id',
      );
    }
    if (chains.has(id)) throw usage(`--chain gives chain ${id} twice`, 'Give one URL for each chain.');
    const variable = `MIGBACKUP_CHAIN_${id}`;
    const url = stated ?? env[variable];
    if (url === undefined || url === '') {
      const where = stated === undefined ? `, and ${variable} is not set` : '';
      throw usage(`--chain ${id} has no URL${where}`);
    }
    chains.set(id, urlOf(url, stated === undefined ? variable : `--chain ${id}`));
  }
  return chains;
}

function urlOf(text: string, what: string): URL {
  const url = URL.parse(text);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw usage(
    `the URL of ${what} is not one of http or https`,
    'Give the address at which a node answers JSON-RPC over HTTP.',
  );
}

function usage(message: string, hint = HINT): BackupError {
  return new BackupError('USAGE', message, { hint });
}
