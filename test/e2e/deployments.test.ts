import { afterAll, beforeAll, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const A = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
const B = '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359';
const C = '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB';

let temp: TempFolder;
const registry = (chainId: number | null, contracts: object): string =>
  JSON.stringify({ network: 'x', chainId, contracts });

beforeAll(async () => {
  temp = tempFolder();
  put(temp.path, 'package.json', '{}');
  put(
    temp.path,
    'deployments/bsc.json',
    registry(56, { Vault: { proxy: A, implementation: B }, 'Red\u001b[31m': { address: B } }),
  );
  put(temp.path, 'deployments/local.json', registry(31337, { Test: { address: A } }));
  put(temp.path, 'deployments/other.json', registry(null, { Lost: { address: C } }));
  expect(await run('create', '--quiet')).toBe('');
});
afterAll(() => temp[Symbol.dispose]());

/** What a command prints for a person, with each run of blanks as one. */
async function run(...args: string[]): Promise<string> {
  const { stdout, exitCode, stderr } = await runCli(args, { cwd: temp.path });
  expect(exitCode, stderr).toBe(0);
  return stdout.replaceAll(/\s+/g, ' ').trim();
}

const COUNTED = '4 addresses: 2 on chain 56, 1 on chain 31337 (local), 1 on a chain that is not known';

test('validate says how many on which chains, and of which the chain is not known', async () => {
  const said = await run('validate');
  expect(said).toContain(
    '- 4 addresses on 3 chains, 1 of them on a chain that is not known deployments/other.json -> Find out',
  );
  expect(said).toContain(`deployments: ${COUNTED}`);
});

test('show and report say the same of a backup', async () => {
  expect(await run('show')).toContain(`deployments ${COUNTED}`);
  expect(await run('report')).toContain(
    '### Deployments | chain | addresses | registries | |---|---:|---:| | 56 | 2 | 1 | | 31337 (local) | 1 | 1 | | unknown | 1 | 1 |',
  );
});

test('diff names each that was added, removed or changed, and no name writes to the terminal', async () => {
  expect(await run('diff')).not.toContain('deployments');
  put(temp.path, 'deployments/bsc.json', registry(56, { Vault: { proxy: A, implementation: C }, New: { address: C } }));
  const said = await run('diff');
  expect(said).toContain(
    `deployments: 1 added, 1 removed, 1 changed - Red\\x1b[31m on chain 56: ${B}, in deployments/bsc.json ` +
      `+ New on chain 56: ${C}, in deployments/bsc.json ~ Vault on chain 56: implementation ${B} -> ${C}`,
  );
});
