import { spawn } from 'node:child_process';
import { userInfo } from 'node:os';
import { becomeOf } from './become.ts';
import type { Connection, Host } from './host.ts';
import { runScript } from './script.ts';
import { sendFile } from './send.ts';

/** This machine, as a host. */
export function connectLocal(connection: Connection): Host {
  const { name } = connection;
  const become = becomeOf(connection, userInfo().username);
  let roundTrips = 0;
  return {
    name,
    get roundTrips() {
      return roundTrips;
    },
    run(script, streams) {
      roundTrips += 1;
      return runScript(name, spawn, become, script, streams);
    },
    send(source, target, progress) {
      roundTrips += 1;
      return sendFile(name, spawn, become, source, target, progress);
    },
    async close() {},
  };
}
