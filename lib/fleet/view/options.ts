import type { OutputStream } from '../../report/stream.ts';

export interface ViewOptions {
  readonly output: 'pretty' | 'plain' | 'json';
  /** The run's ID. */
  readonly run: string;
  readonly stdout?: OutputStream;
  readonly stderr?: OutputStream;
}
