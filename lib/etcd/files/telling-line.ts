import { sh } from '../../dsl/shell/sh.ts';

/**
 * Shell that reads the log of a start from standard input and prints the line that tells why it failed, as
 * `message: error`. A bare panic of Go comes after the line that has the error, and says less; what the flags are
 * refused for is only a warning to etcd.
 */
export const tellingLine = sh`q_all=$(cat)
q_pick() { printf '%s\n' "$q_all" | grep -E "$1" | tail -n 1; }
q_told=
for q_kind in \
  '"level":"(fatal|panic)".*"error":' '"caller":"etcdmain/.*"error":' '"level":"(fatal|panic)"' \
  ' C \| ' '^panic: ' ' E \| ' '"level":"error".*"error":' '"level":"warn".*"error":'
do
  if [ -z "$q_told" ]; then q_told=$(q_pick "$q_kind"); fi
done
if [ -n "$q_told" ]; then
  printf '%s\n' "$q_told" |
    sed -E 's/^\{.*"msg":"(([^"\\]|\\.)*)".*"error":"(([^"\\]|\\.)*)".*/\1: \3/; s/^\{.*"msg":"(([^"\\]|\\.)*)".*/\1/' |
    cut -c1-800
fi`;
