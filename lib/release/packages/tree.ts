/** Packages that were unpacked to `tree`; `version` is that of the software. */
export interface Tree {
  readonly tree: string;
  readonly version: string;
  /** `package NAME 3.4.23+dfsg-4+b4`. */
  readonly from: string;
}
