/** A backup that a command works on. */
export interface SelectedBackup {
  readonly id: string;
  readonly folder: string;
  /** Only what is read is fetched, so a restore verifies what is selected and not the whole. */
  readonly isPartly?: boolean;
  /** The exported file it was unpacked from, the copy in a remote that it was fetched from (a URL), or the folder of an older format that it was read from. */
  readonly fromFile?: string;
  /** The id in its manifest, if that is not `id`: the folder of a version 1 backup may have any name. */
  readonly auditId?: string;
  /** Where its signature is, if that is not beside its folder or exported file. */
  readonly signature?: string;
  /** What its list of artifacts must have as its SHA-256: its signature was judged over these bytes. */
  readonly artifactsSha256?: string;
  /** Removes what was unpacked for it. */
  dispose(): void;
}
