import type { RunEvent } from '../../runner/events.ts';
import type { TaskEvent } from '../diff/changes.ts';
import { isOutputWanted, isWanted } from '../levels.ts';
import { HostStates } from '../live/host-states.ts';
import { createLive } from '../live/live.ts';
import type { Renderer } from '../renderer.ts';
import type { Settings } from '../settings.ts';
import { escapeControls } from '../text.ts';
import { Conclusions } from './conclusions.ts';
import type { ErrorEvent } from './errors.ts';
import type { LeftOverEvent } from './left-over.ts';
import type { RecapEvent } from './recap.ts';
import { stepLine } from './steps.ts';
import { errorSummary, header, logLine, outputLine, summary } from './summary.ts';

/** For a person at a terminal: one live line a host while it runs, then what changed, the recap and the verdict. */
export function createPretty(settings: Settings): Renderer {
  const { verbosity, stdout, stderr } = settings;
  const states = new HostStates();
  const live = createLive(settings, states);
  const conclusions = new Conclusions();
  const tasks: TaskEvent[] = [];
  const errors: ErrorEvent[] = [];
  const left: LeftOverEvent[] = [];
  let recap: RecapEvent | undefined;

  const emit = (event: RunEvent) => {
    states.take(event);
    if (conclusions.take(event)) return;
    switch (event.event) {
      case 'start':
        live.print(header(event, settings));
        live.start();
        break;
      case 'task':
        if (event.status !== 'ok' || verbosity > 0) tasks.push(event);
        break;
      case 'log':
        if (!isWanted(event.level, verbosity)) break;
        live.print(logLine(event, settings));
        break;
      case 'output':
        if (isOutputWanted(settings)) live.print(outputLine(event, settings));
        break;
      case 'error':
        errors.push(event);
        break;
      case 'recap':
        recap = event;
        break;
      case 'left-over':
        left.push(event);
        break;
      case 'step':
        live.print([stepLine(event, settings.colors)]);
        break;
      case 'why':
        live.print(event.lines.map(escapeControls));
        break;
      case 'play':
      case 'facts':
      case 'cluster':
      case 'certificates':
      case 'history':
      case 'drill':
        break;
      default:
        event satisfies never;
    }
  };

  return {
    emit,
    progress: (progress) => states.progress(progress),
    suspend: (work) => live.suspend(work),
    async close() {
      await live.stop();
      const outcome = { tasks, left, errors, recap, conclusions };
      const { before, after } = await summary(outcome, settings);
      stdout.write(text(before));
      stderr.write(text(errorSummary(errors, settings)));
      stdout.write(text(after));
    },
  };
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
