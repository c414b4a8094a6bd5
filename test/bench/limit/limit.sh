#!/bin/bash
# limit.sh HOSTS STATE URL SSH-OPTION...
#
# The job of playbooks/site.ts in the fewest round trips that one can think of, by hand, with OpenSSH alone: one
# exchange with every host tells all there is; where that is not what should be, a second one brings it and proves
# it. HOSTS has lines "name address cluster"; STATE is a folder of its own on control; URL is the release.
set -u
hosts=$1 state=$2 url=$3
shift 3
options=("$@")
trips=0
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
run=$(mktemp -d) || exit
trap 'rm -rf "$run"' EXIT
export LC_ALL=C
umask 022

names=()
declare -A address cluster members
while read -r name addr group; do
  names+=("$name") address[$name]=$addr cluster[$name]=$group
  members[$group]+="$name "
done <"$hosts"
probe=$(<"$here/probe.sh")
apply=$(<"$here/apply.sh")
unit=$(<"$here/etcd.service")
firewall_unit=$(<"$here/etcd-firewall.service")

main() {
  local name todo=()
  each '' '' "${names[@]}"
  release && certificates && files || exit 1
  wait
  for name in "${names[@]}"; do
    expected "$name"
    seen=$(<"$run/$name")
    [[ ${seen#*==$'\n'} == "$wanted" ]] || todo+=("$name")
  done
  if ((${#todo[@]})); then
    each "$apply"$'\n'apply payload "${todo[@]}"
    wait
  fi
  # Members that have just met may still elect: they are asked again, all together.
  for _ in 1 2 3 4 5; do
    judge >"$run/verdict" && break
    sleep 1
    each '' '' "${names[@]}"
    wait
  done
  cat "$run/verdict"
  grep -q '^bad' "$run/verdict" || echo "healthy, changed=${#todo[@]} trips=$trips"
}

# One SSH exchange with every host, side by side: WHAT to do before the probe, INPUT for it.
each() {
  trips=$((trips + 1))
  local what=$1 input=${2:-true} name
  shift 2
  for name; do
    $input "$name" | ssh "${options[@]}" "root@${address[$name]}" \
      "$probe"$'\n'"$what"$'\n'"probe ${address[$name]}" >"$run/$name" 2>"$run/$name.err" &
  done
}

payload() {
  tar -c -f - --owner=0 --group=0 -C "$state/release" $binaries -C "$state/hosts/$1" $own
}

binaries='opt/etcd/bin/etcd opt/etcd/bin/etcdctl opt/etcd/bin/etcdutl'
own='opt/etcd/cfg/etcd.conf opt/etcd/cfg/firewall.nft opt/etcd/ssl/ca.pem opt/etcd/ssl/server.pem opt/etcd/ssl/server-key.pem opt/etcd/ssl/peer.pem opt/etcd/ssl/peer-key.pem etc/systemd/system/etcd.service etc/systemd/system/etcd-firewall.service'

# Downloads, verifies and unpacks the release, once.
release() {
  local bin=$state/release/opt/etcd/bin
  [[ -f $state/release/sums ]] && return
  mkdir -p "$bin" && cd "$state/release" &&
    curl -fsS --max-time 300 -O "$url" -O "${url%/*}/SHA256SUMS" &&
    sha256sum --quiet --ignore-missing -c SHA256SUMS &&
    tar -x -z -o -f "${url##*/}" -C "$bin" --strip-components=1 --wildcards '*/etcd' '*/etcdctl' '*/etcdutl' &&
    (cd / && sha256sum "$bin/etcd" "$bin/etcdctl" "$bin/etcdutl" | sed "s# $state/release# #") >sums
}

# A CA for every cluster, two certificates for every member; none ends within 30 days.
certificates() {
  local group name use soon
  printf -v soon '%(%s)T'
  for group in "${!members[@]}"; do
    local dir=$state/pki/$group certs=()
    [[ -f $dir/ca.pem ]] || "$here/../make-ca.sh" "$dir" || return
    for name in ${members[$group]}; do
      certs+=("$dir/$name-server.pem" "$dir/$name-peer.pem")
      [[ -d $state/hosts/$name ]] && continue
      "$here/../make-leaf.sh" "$dir" "$name" "${address[$name]}" || return
      local root=$state/hosts/$name
      mkdir -p "$root/opt/etcd/cfg" "$root/opt/etcd/ssl" "$root/etc/systemd/system"
      install -m 0644 "$dir/ca.pem" "$root/opt/etcd/ssl/ca.pem"
      for use in server peer; do
        install -m 0644 "$dir/$name-$use.pem" "$root/opt/etcd/ssl/$use.pem"
        install -m 0600 "$dir/$name-$use-key.pem" "$root/opt/etcd/ssl/$use-key.pem"
      done
    done
    openssl verify -attime $((soon + 2592000)) -CAfile "$dir/ca.pem" "${certs[@]}" >/dev/null || return
  done
}

# The other files of every member, and all their digests.
files() {
  local name root one list paths=()
  for name in "${names[@]}"; do
    root=$state/hosts/$name
    list= rules=
    for one in ${members[${cluster[$name]}]}; do
      list+=${list:+,}$one=https://${address[$one]}:2380
      rules+=$'\t\tip saddr '"${address[$one]} tcp dport 2380 accept"$'\n'
    done
    table[$name]="table inet etcd_members {
	chain input {
		type filter hook input priority -5; policy accept;
		iifname \"lo\" tcp dport 2380 accept
${rules}		tcp dport 2380 drop
		tcp dport 2379 accept
	}
}"
    (umask 027; conf "$name" "$list" >"$root/opt/etcd/cfg/etcd.conf")
    printf 'table inet etcd_members\ndelete table inet etcd_members\n%s\n' "${table[$name]}" >"$root/opt/etcd/cfg/firewall.nft"
    printf '%s\n' "$unit" >"$root/etc/systemd/system/etcd.service"
    printf '%s\n' "$firewall_unit" >"$root/etc/systemd/system/etcd-firewall.service"
    for one in $own; do paths+=("$root/$one"); done
  done
  while read -r one root; do sum[$root]=$one; done < <(sha256sum "${paths[@]}")
}
declare -A table sum

conf() {
  local url=https://${address[$1]} ssl=/opt/etcd/ssl
  printf '%s="%s"\n' ETCD_NAME "$1" ETCD_DATA_DIR /var/lib/etcd/default.etcd \
    ETCD_LISTEN_PEER_URLS "$url:2380" ETCD_LISTEN_CLIENT_URLS "$url:2379" \
    ETCD_INITIAL_ADVERTISE_PEER_URLS "$url:2380" ETCD_ADVERTISE_CLIENT_URLS "$url:2379" \
    ETCD_INITIAL_CLUSTER "$2" ETCD_INITIAL_CLUSTER_STATE new ETCD_INITIAL_CLUSTER_TOKEN "${cluster[$1]}" \
    ETCD_CERT_FILE $ssl/server.pem ETCD_KEY_FILE $ssl/server-key.pem ETCD_TRUSTED_CA_FILE $ssl/ca.pem \
    ETCD_CLIENT_CERT_AUTH true ETCD_PEER_CERT_FILE $ssl/peer.pem ETCD_PEER_KEY_FILE $ssl/peer-key.pem \
    ETCD_PEER_TRUSTED_CA_FILE $ssl/ca.pem ETCD_PEER_CLIENT_CERT_AUTH true
}

# Sets `wanted`: what the probe prints of a host that is as it should be.
expected() {
  local one root=$state/hosts/$1 mode owner
  wanted='directory|755|root|root|/opt/etcd/bin
directory|755|root|root|/opt/etcd/cfg
directory|755|root|root|/opt/etcd/ssl
directory|700|etcd|etcd|/var/lib/etcd/default.etcd'
  for one in $binaries; do wanted+=$'\n'"regular file|755|root|root|/$one"; done
  for one in $own; do
    case $one in
      *.conf) mode='640|root|etcd' ;;
      *-key.pem) mode='600|etcd|etcd' ;;
      *) mode='644|root|root' ;;
    esac
    wanted+=$'\n'"regular file|$mode|/$one"
  done
  for one in $own; do wanted+=$'\n'"${sum[$root/$one]}  /$one"; done
  local sums
  sums=$(<"$state/release/sums")
  wanted+=$'\n'$sums$'\n'etcd:/var/lib/etcd/default.etcd:/usr/sbin/nologin
  one=$'\nActiveState=active\nUnitFileState=enabled\nNeedDaemonReload=no'
  wanted+=$one$'\n'$one$'\n'${table[$1]}
  wanted+=$'\n'${sums%%$'\n'*}
  for one in opt/etcd/cfg/etcd.conf opt/etcd/ssl/ca.pem etc/systemd/system/etcd.service; do
    wanted+=$'\n'"${sum[$root/$one]}  /$one"
  done
}

# Every host is as it should be, and the members of every cluster answer and agree.
judge() {
  local name bad=0 id leader version hash list
  declare -A agreed
  for name in "${names[@]}"; do
    expected "$name"
    seen=$(<"$run/$name")
    if [[ ${seen#*==$'\n'} != "$wanted" ]]; then
      echo "$name: not as it should be: $(<"$run/$name.err")"
      diff <(echo "$wanted") <(echo "${seen#*==$'\n'}") | head -n 20
      bad=1
    fi
    id= leader= version= hash= list=
    [[ $seen =~ '@status 0 '[^$'\n']*'"member_id":'([0-9]+) ]] && id=${BASH_REMATCH[1]}
    [[ $seen =~ '@status 0 '[^$'\n']*'"version":"'([0-9.]+)'"'[^$'\n']*'"leader":'([0-9]+) ]] &&
      version=${BASH_REMATCH[1]} leader=${BASH_REMATCH[2]}
    [[ $seen =~ '@hash 0 '[^$'\n']*'"hash":'([0-9]+) ]] && hash=${BASH_REMATCH[1]}
    [[ $seen =~ '@members 0 '[^$'\n']*('"members":['[^$'\n']*) ]] && list=${BASH_REMATCH[1]}
    for one in ${members[${cluster[$name]}]}; do
      [[ $list == *"\"name\":\"$one\""*"https://${address[$one]}:2379"* ]] || list=
    done
    if [[ $seen != *'@health 0 '* || $seen != *'@alarms 0 '* || $seen == *'"alarms":'* ]] ||
      [[ -z $id || -z $leader || -z $version || -z $hash || -z $list ]]; then
      echo "$name: not healthy: ${seen%%==*}"
      bad=1
    fi
    one="$leader $version $hash $list"
    if [[ ${agreed[${cluster[$name]}]=$one} != "$one" ]]; then
      echo "$name: does not agree with the members before it"
      bad=1
    fi
    echo "$name $id leader=$leader version=$version"
  done
  ((bad)) && echo bad
  return $bad
}

main
