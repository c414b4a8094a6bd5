import { maskText } from '../secret-texts.ts';
import type { Host } from '../transport/host.ts';

/** The host, with every script that is sent to it told of: as it is sent, but for secrets that files of others hold. */
export function traced(host: Host, tell: (script: string) => void): Host {
  return {
    get name() {
      return host.name;
    },
    get roundTrips() {
      return host.roundTrips;
    },
    run(script, streams) {
      tell(maskText(script));
      return host.run(script, streams);
    },
    send: (source, target, progress) => host.send(source, target, progress),
    close: () => host.close(),
  };
}
