import type { Colors } from './colors.ts';
import type { Output } from './stream.ts';

/** What a renderer works with: the options of the report, with streams and colours made ready. */
export interface Settings {
  readonly diff: boolean;
  readonly check: boolean;
  readonly verbosity: number;
  readonly tellsOutput?: boolean;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly colors: Colors;
  readonly env: Readonly<Record<string, string | undefined>>;
}
