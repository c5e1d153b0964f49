import { z } from './zod.ts';
import { count } from './report.ts';

/** A contract at a recorded address, as a chain has it. */
export const chainContractSchema = z.object({
  /** As a registry writes it. */
  address: z.string(),
  /** Null if no registry has a name for it. */
  name: z.string().nullable(),
  /**
   * The code at the address against that of its artifact in the backup, both without the metadata at their end. `same-but-immutables`: it differs only
   * where the artifact leaves room for values that the constructor sets. `same-behind`: that of the implementation it points to is the same, and its own was
   * compared with nothing. `not-compared`: the backup has no code for it. `none`: there is no code.
   */
  code: z.enum(['same', 'same-but-immutables', 'same-behind', 'differs', 'not-compared', 'none']),
  /** If it is a proxy of a known kind: what its slots say. The implementation of a beacon is what the beacon answers. */
  proxy: z
    .object({ implementation: z.string().nullable(), admin: z.string().nullable(), beacon: z.string().nullable() })
    .optional(),
});
export type ChainContract = z.infer<typeof chainContractSchema>;

/** What `verify --chain` found out about the addresses that are recorded on one chain. */
export const chainCheckSchema = z.object({
  chainId: z.string(),
  /** Where the node is: scheme, host and port of its URL. The rest of a URL may be a key. */
  node: z.string(),
  /** NOT_PROVEN: the node could not be asked, or not about every address. */
  status: z.enum(['AGREES', 'DIFFERS', 'NOT_PROVEN']),
  /** All answers are about this block. Null if the node did not name one. */
  block: z.object({ number: count, hash: z.string(), time: z.string() }).nullable(),
  /** Addresses that the backup records on this chain. */
  recorded: count,
  /** One for each address that the node answered for, in the order of the records. */
  contracts: z.array(chainContractSchema),
});
export type ChainCheck = z.infer<typeof chainCheckSchema>;
