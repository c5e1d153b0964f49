/** What may hold keys or passwords, by project-relative path; left out unless includeSecrets, and then it is said. */
export const DEFAULT_SECRETS: readonly string[] = [
  '**/.env',
  '**/.env.*',
  '**/*.pem',
  '**/*.key',
  '**/id_rsa*',
  '**/id_ed25519*',
  '**/*.keystore',
  // Ethereum key stores (geth's and hardhat's naming)
  '**/UTC--*--*',
  // Foundry's sensitive run logs hold RPC URLs with their keys
  'cache/*.s.sol/**',
];
