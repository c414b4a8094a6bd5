import { runId } from '../dsl/common/run-id.ts';
import { EXIT } from '../errors.ts';
import { printDocument } from '../report/document.ts';
import type { Options } from './flags/options.ts';
import type { Shard } from './flags/shard.ts';
import { reportLines } from './flags/usage.ts';
import type { Planned } from './planned.ts';

/**
 * Ends a run whose part of the inventory has no hosts; what is asked for is written anyway: others wait for it.
 * Throws 3 where a plan is carried out that has something to do.
 */
export async function endEmptyShard({ index, of }: Shard, planned: Planned, options: Options): Promise<void> {
  const { check, output, planFormat, planOut, reports } = options;
  await planned.part.approval?.compare([]);
  const isPlan = planOut !== undefined || planFormat !== undefined;
  const made = isPlan ? await planned.part.reviewed?.(EXIT.ok) : undefined;
  if (reports.length > 0) {
    const { checkReports, writeReport } = await import('../report/write-report.ts');
    checkReports(reports);
    const told = { time: new Date().toISOString(), runId: runId() };
    const recap = { event: 'recap', check, hosts: {}, elapsedMs: 0, exitCode: EXIT.ok, ...told } as const;
    for (const path of reports) await writeReport(path, [{ id: runId(), events: [recap] }]);
  }
  const document = planned.document?.() ?? '';
  if (document !== '') await printDocument(document);
  else
    await reportLines(
      [`shard ${index}/${of} has no hosts: nothing to do`, ...(made ? [made] : [])],
      output,
      check,
    );
}
