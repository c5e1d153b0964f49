/**
 * Project-relative paths of files that may hold keys or passwords, in upper or lower case. They are left out unless `includeSecrets` is set, and a
 * finding says either. `.env.example`, `.env.sample` and `.env.template` never count as secrets.
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
