import { etcdctlLine, whereToRun, wrapperLine } from '../etcdctl-line.ts';
import { endOf } from '../facts/found-certificates.ts';
import type { Answer } from './answer.ts';
import { columns } from './columns.ts';

/** Days before its end from which a CA is shown: renewing it takes planning. */
export const CA_SOON = 180;

/** The tutorial's two checks as one table, and the line to run them by hand */
export function healthTable(answers: readonly Answer[]): string {
  const rows = answers.map(({ member, reading, caEnd, unreached }) => {
    const status = reading?.status;
    const end = endOf(reading?.certificates ?? []);
    const authority = caEnd !== undefined && daysUntil(caEnd) < CA_SOON ? `, CA ${daysUntil(caEnd)}d` : '';
    return [
      member.name,
      status?.memberId ?? '-',
      urlInUse({ member, reading }).replace('https://', ''),
      status ? (status.memberId === status.leaderId ? 'leader' : 'follower') : '-',
      reading?.healthy
        ? reading.closed
          ? 'closed'
          : 'healthy'
        : reading
          ? 'unhealthy'
          : unreached
            ? 'not reached'
            : 'stopped',
      status?.version ?? '-',
      status ? size(status.dbSize) : '-',
      `${end ? `${daysUntil(end)}d` : '-'}${authority}`,
    ];
  });
  const head = ['MEMBER', 'ID', 'CLIENT', 'ROLE', 'HEALTH', 'VERSION', 'DB', 'CERT'];
  const place = placeToAsk(answers);
  const versions = answers.map(({ reading }) => reading?.status?.version);
  return [
    columns([head, ...rows]),
    '',
    ...(place ? whereToRun(place.member) : []),
    ...(place?.wrapper ? [wrapperLine(place.member, 'member list')] : []),
    ...(place && !place.wrapper
      ? [etcdctlLine(place.member, answers.map(urlInUse), 'member list', versions)]
      : []),
  ].join('\n');
}

/** The member whose host the line is for: one that is well, else one that runs, else one that can be logged in to. */
function placeToAsk(answers: readonly Answer[]): Answer | undefined {
  return (
    answers.find(({ reading }) => reading?.healthy) ??
    answers.find(({ reading }) => reading) ??
    answers.find(({ unreached }) => !unreached) ??
    answers[0]
  );
}

/** Whole days from now; negative when it is over. */
export function daysUntil(date: Date): number {
  return Math.floor((date.getTime() - Date.now()) / 86_400_000);
}

/** Where a member answers: a changed port is not in use before its restart. */
function urlInUse({ member, reading }: Answer): string {
  return reading?.clientUrl ?? member.clientUrl;
}

function size(bytes: number): string {
  return bytes < 1_048_576 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
