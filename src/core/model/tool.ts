/** The program that writes reports and manifests. The command line sets it once, because core never reads package.json. */
export interface Tool {
  readonly name: string;
  readonly version: string;
  readonly runtime: string;
}
