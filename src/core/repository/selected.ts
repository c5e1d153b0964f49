/** A backup that a command works on. */
export interface SelectedBackup {
  readonly id: string;
  readonly folder: string;
  /** The exported file it was unpacked from, or the folder of an older format that it was read from. */
  readonly fromFile?: string;
  /** The id in its manifest, if that is not `id`: the folder of a version 1 backup may have any name. */
  readonly auditId?: string;
  /** Removes what was unpacked for it. */
  dispose(): void;
}
