#!/bin/bash
# limit.sh HOSTS SSH-OPTION...
#
# The plain role in the fewest round trips that one can think of, by hand, with OpenSSH alone: one exchange with every
# host tells what is there; where that is not what should be, a second one brings it and tells again. HOSTS has lines
# "name address cluster".
set -u
hosts=$1
shift
options=("$@")
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
run=$(mktemp -d) || exit
trap 'rm -rf "$run"' EXIT
export LC_ALL=C
probe=$(<"$here/probe.sh")
apply='set -e
getent group bench >/dev/null || groupadd bench
getent passwd bench >/dev/null || useradd -r -g bench -d /srv/bench -M -s /usr/sbin/nologin bench
install -d -o bench -g bench -m 0755 /srv/bench
install -d -o bench -g bench -m 0750 /srv/bench/conf
for number in 1 2 3 4 5 6 7; do
  printf "name = %s\nlisten = 80%s\n" "$number" "$number" >/srv/bench/conf/.new
  chown root:bench /srv/bench/conf/.new
  chmod 0640 /srv/bench/conf/.new
  mv /srv/bench/conf/.new "/srv/bench/conf/$number.conf"
done
rm -f /etc/bench.old
set +e'

# What a host that is done tells.
wanted() {
  printf 'bench\nbench:/srv/bench:/usr/sbin/nologin\n. directory 755 bench bench\nconf directory 750 bench bench\n'
  for number in 1 2 3 4 5 6 7; do echo "conf/$number.conf regular file 640 root bench"; done
  for number in 1 2 3 4 5 6 7; do
    printf 'name = %s\nlisten = 80%s\n' "$number" "$number" | sha256sum | sed "s#-\$#conf/$number.conf#"
  done
}

# One SSH exchange with each of these hosts, side by side.
each() {
  local script=$1 name
  shift
  for name; do
    ssh "${options[@]}" "root@${address[$name]}" "$script" </dev/null >"$run/$name" 2>"$run/$name.err" &
  done
  wait
}

# Those of these hosts that are not as wanted.
differ() {
  local name
  for name; do
    [[ $(<"$run/$name") == "$done_text" ]] || echo "$name"
  done
}

names=()
declare -A address
while read -r name addr _; do names+=("$name") address[$name]=$addr; done <"$hosts"
done_text=$(wanted)
trips=1
each "$probe" "${names[@]}"
mapfile -t todo < <(differ "${names[@]}")
if ((${#todo[@]})); then
  trips=2
  each "$apply"$'\n'"$probe" "${todo[@]}"
  mapfile -t bad < <(differ "${todo[@]}")
  if ((${#bad[@]})); then
    cat "$run/${bad[0]}" "$run/${bad[0]}.err" >&2
    exit 1
  fi
fi
echo "healthy, changed=${#todo[@]} trips=$trips"
