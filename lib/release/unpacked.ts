/** Files of an unpacked release on control, each verified and named with its digest. */
export interface Unpacked {
  readonly version: string;
  /** Where it came from, for the record. */
  readonly from: string;
  readonly files: readonly { readonly name: string; readonly path: string; readonly sha256: string }[];
}
