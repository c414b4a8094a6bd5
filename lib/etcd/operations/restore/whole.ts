import type { PlayRun } from '../../../dsl/play.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import type { Answer } from '../../health/answer.ts';
import { askUntilWhole } from '../../health/settle.ts';
import type { Surveyed } from '../../surveyed.ts';
import { takeBackAlarms } from '../common/alarms.ts';

/** Waits for members with new data, and takes back what alarms of the members before came along with it. */
export async function askRestored(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<readonly Answer[]> {
  const answers = await askUntilWhole(run, surveyed);
  const asked = answers.find(({ reading }) => reading?.healthy);
  const host = surveyed.hosts.find(({ target }) => target.name === asked?.member.host);
  const taken = host && asked?.reading && (await takeBackAlarms(run, host, asked.reading));
  return taken ? askUntilWhole(run, surveyed) : answers;
}
