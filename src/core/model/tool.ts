/** Who writes reports and manifests: set once by the face (core never reads package.json). */
export interface Tool {
  readonly name: string;
  readonly version: string;
  readonly runtime: string;
}
