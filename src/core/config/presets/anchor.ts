import type { Preset } from './preset.ts';

/** The build makes a key pair only where there is none, so one that is lost comes back as another one, and the program at the old address can never be upgraded by it. */
export const anchor: Preset = {
  name: 'anchor',
  title: 'Solana programs, with and without Anchor',
  foundBy: { paths: ['Anchor.toml', 'target/deploy/*-keypair.json'] },
  configs: ['Anchor.toml'],
  places: [
    {
      category: 'keys',
      source: 'solana',
      path: 'target/deploy',
      include: ['*-keypair.json'],
      what: 'key pairs of programs',
      named: ['**/target/deploy/*-keypair.json'],
    },
    {
      category: 'registries',
      source: 'anchor-idl',
      path: 'target/idl',
      what: 'interfaces of programs, with their addresses',
    },
    { category: 'scripts', source: 'migrations', path: 'migrations', what: 'migrations' },
  ],
  secrets: [
    {
      pattern: '**/*-keypair.json',
      holds: 'a private key of Solana. Without the one of a program nobody can deploy to its address again',
    },
  ],
  rebuilt: [
    { folder: '.anchor', by: 'anchor test' },
    { folder: 'test-ledger', by: 'solana-test-validator' },
  ],
};
