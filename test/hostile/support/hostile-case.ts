import type { EntryType } from '../../../src/core/model/entry.ts';

/** What the forger's index says about a member. It may be a lie; it is always a well-formed one. */
export interface Claim {
  readonly path: string;
  readonly type: EntryType;
  readonly size: number;
  readonly sha256?: string;
  readonly mode: number;
  readonly target?: string;
  readonly mtimeNs?: bigint;
}

/** A stretch of the tar stream, with what the index says begins there (nothing: the index hides it). */
export interface Part {
  readonly bytes: Buffer;
  readonly claim?: Claim;
}

/**
 * reject: nothing of it is ever restored. either: refused, or restored to exactly the bytes and names that the index states.
 * accept: must be restored exactly; without these a program that refuses everything would pass.
 */
export type Verdict = 'reject' | 'either' | 'accept';

export interface HostileCase {
  readonly name: string;
  /** What it tries, in a few words. */
  readonly attack: string;
  readonly verdict: Verdict;
  /** Members; they are sorted as ours are, unless the order is the attack. */
  readonly parts: (evil: string) => Part[];
  readonly keepOrder?: true;
  /** Changes the finished tar stream; the index stays as it is. */
  readonly damage?: (tar: Buffer) => Buffer;
  /** No end blocks are added. */
  readonly noEnd?: true;
  /** Makes the archive file itself, instead of good frames and a good seek table. */
  readonly pack?: (tar: Buffer) => Packed;
  /** The path that the manifest gives the source; the whole project unless the attack is to leave it. */
  readonly sourcePath?: string;
  /** Bytes and lists are all right, so verify has nothing to say: a restore must see it. */
  readonly verifies?: true;
  /** Harmless in a new folder: only a restore in place must refuse it. */
  readonly onlyInPlace?: true;
  /** Run in a process of its own, whose memory is watched. */
  readonly heavy?: true;
}

export interface Packed {
  readonly file: Buffer;
  readonly frames: number;
  /** What the manifest says that the archive unpacks to. */
  readonly tarSize: number;
}
