import type { PlayRun } from '../../../dsl/play.ts';
import { runId } from '../../../dsl/run-id.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { type Intent, writeIntent } from '../../facts/intent.ts';
import { memberOf } from '../../model/cluster.ts';
import { openIntent } from '../../survey/intents.ts';

/** What an operation heads for: see `Intent`. */
export type Wish = Pick<Intent, 'target' | 'notes'>;

/** Puts the wish on every host, unless it is there already: before the first step. */
export async function beginIntent(run: PlayRun<EtcdFacts>, verb: string, wish: Wish): Promise<void> {
  const open = openIntent(run.hosts);
  const isOpen = open?.verb === verb && open.target === wish.target;
  await onAll(run, { verb, ...wish, runId: isOpen ? open.runId : runId() });
}

/** Behind the last step: the wish has come true. */
export async function finishIntent(run: PlayRun<EtcdFacts>, verb: string, wish: Wish): Promise<void> {
  const begun = openIntent(run.hosts)?.runId ?? runId();
  await onAll(run, { verb, ...wish, runId: begun, done: runId() });
}

async function onAll(run: PlayRun<EtcdFacts>, intent: Intent): Promise<void> {
  await run.each(run.hosts, async (host) => {
    const { code, out } = await host.act(
      'noting what is under way',
      writeIntent(memberOf(host.target), intent),
    );
    if (code === 0) return;
    throw new QuorateError(`${host.target.name}: what is under way could not be noted: ${out.trim()}`, {
      exitCode: EXIT.failed,
      host: host.target.name,
    });
  });
}
