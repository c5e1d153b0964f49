import { z } from './zod.ts';
import { count } from './report.ts';

/** Which kind of registry a deployment is recorded in. */
export const REGISTRY_FORMATS = [
  'hardhat-deploy',
  'rocketh',
  'ignition',
  'openzeppelin',
  'foundry',
  'truffle',
  'unified',
  'legacy',
] as const;

/** An address on a chain, as one registry records it. */
export const deploymentSchema = z.object({
  /** In decimal, or `unknown`: then nothing that was read says which chain it is. */
  chainId: z.string(),
  /** What others call: of a proxy its own address, not that of its implementation. As the registry writes it. */
  address: z.string(),
  /** Null if the registry records addresses without names. */
  name: z.string().nullable(),
  /** The same address, if the registry says that it is a proxy. */
  proxy: z.string().optional(),
  /** The address behind the proxy, if the registry says which. */
  implementation: z.string().optional(),
  /** The hash of the code that the registry states, 0x and 64 hex digits. */
  codeHash: z.string().optional(),
  format: z.enum(REGISTRY_FORMATS),
  /** Project-relative path of the registry. */
  file: z.string(),
  /** JSON pointer of the record in it; of a journal, `/` and the number of its line, from 0. */
  pointer: z.string(),
});
export type Deployment = z.infer<typeof deploymentSchema>;

/** How many addresses are recorded on which chains. An address counts once a chain, however many registries record it. */
const chainsSchema = z.record(
  z.string(),
  z.object({
    addresses: count,
    /** A chain of this machine: 31337 or 1337. */
    local: z.boolean(),
  }),
);

export const deploymentsSchema = z.object({
  addresses: count,
  /** By chain id, or `unknown`. */
  chains: chainsSchema,
  /** Every record, in the order of the files. */
  recorded: z.array(deploymentSchema),
});
export type Deployments = z.infer<typeof deploymentsSchema>;

/** What differs between the deployments of two states. */
export const deploymentChangesSchema = z.object({
  /** Records of addresses that the other side does not have on that chain under any name. */
  added: z.array(deploymentSchema),
  removed: z.array(deploymentSchema),
  /** The same name on the same chain, with another address, implementation or hash; or the same address under another name. */
  changed: z.array(z.object({ before: deploymentSchema, after: deploymentSchema })),
});
export type DeploymentChanges = z.infer<typeof deploymentChangesSchema>;
