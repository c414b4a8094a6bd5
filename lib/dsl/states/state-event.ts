import type { CertificatesState } from './certificates-state.ts';
import type { ClusterState } from './cluster-state.ts';
import type { DrillState } from './drill-state.ts';
import type { HistoryState } from './history-state.ts';

/** What a play has found out, as an event of its run: for people a table in the end, for other programs its data. */
export type StateEvent =
  | ({ readonly event: 'cluster' } & ClusterState)
  | ({ readonly event: 'certificates' } & CertificatesState)
  | ({ readonly event: 'history' } & HistoryState)
  | ({ readonly event: 'drill' } & DrillState);
