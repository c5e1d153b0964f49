/**
 * What may hold keys or passwords, by project-relative path and whatever the case of its letters. It is left out unless
 * includeSecrets, and then it is said. `.env.example`, `.env.sample` and `.env.template` are never taken for secrets.
 */
export const DEFAULT_SECRETS: readonly string[] = [
  '**/.env',
  '**/.env.*',
  '**/*.{pem,key,p12,pfx}',
  '**/id_{rsa,dsa,ecdsa,ed25519}*',
  // Java and Ethereum key stores; the second is how geth, Hardhat and Foundry name theirs
  '**/*.{keystore,jks}',
  '**/UTC--*--*',
  // where Truffle and Hardhat tutorials put the mnemonic
  '**/.secret',
  '**/mnemonic.txt',
  // Foundry's sensitive run logs hold RPC URLs with their keys
  '**/cache/*.s.sol/**',
];
