import { spawn as spawnHere } from 'node:child_process';
import { environment } from '../environment.ts';
import { whoami } from '../whoami.ts';
import type { Connection, Host } from './host.ts';
import type { Spawn, Way } from './launch.ts';
import { runScript } from './script.ts';
import { sendFile } from './send.ts';
import { sudoOf } from './sudo.ts';

/** This machine, as a host; or what `spawn` starts programs in. */
export function connectLocal(connection: Connection, spawn: Spawn = spawnHere): Host {
  const { name } = connection;
  const login = process.getuid?.() === 0 ? 'root' : whoami();
  const way: Way = {
    host: name,
    spawn,
    env: environment(),
    loginShell: false,
    sudo: sudoOf(connection, login),
  };
  let roundTrips = 0;
  return {
    name,
    get roundTrips() {
      return roundTrips;
    },
    run(script, streams) {
      roundTrips += 1;
      return runScript(way, script, streams);
    },
    send(source, target, progress) {
      roundTrips += 1;
      return sendFile(way, source, target, progress);
    },
    async close() {},
  };
}
