import type { ConnectOptions } from '../connect-options.ts';
import type { Connection, Host } from '../host.ts';
import type { Way } from '../launch.ts';
import { runScript } from '../script.ts';
import { sendFile } from '../send.ts';
import { sudoOf } from '../sudo.ts';
import { channelSpawn } from './ssh-channel.ts';
import { jumpTo } from './ssh-jump.ts';
import { openLink } from './ssh-link.ts';
import { Pool } from './ssh-pool.ts';
import { sshSettings } from './ssh-settings.ts';

/** Connects a host over SSH: one connection for all of a run, each script on a channel of its own. */
export async function connectSsh(connection: Connection, options: ConnectOptions): Promise<Host> {
  const settings = await sshSettings(connection);
  const jump = await jumpTo(settings, connection, options);
  const link = await openLink(settings, connection.password, options, jump?.dial).catch((error) => {
    jump?.release();
    throw error;
  });
  const { name } = connection;
  const { trust } = options;
  const pool = new Pool(name, link, () =>
    openLink(settings, connection.password, { ...(trust && { trust }) }, jump?.dial),
  );
  const way: Way = {
    host: name,
    spawn: channelSpawn(name, pool),
    env: {},
    loginShell: true,
    sudo: sudoOf(connection, settings.user),
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
    async close() {
      pool.close();
      jump?.release();
    },
  };
}
