#!/bin/sh
# make-ca.sh DIR: the CA of one cluster.
set -eu
mkdir -p "$1"
cd "$1"
umask 077
openssl req -x509 -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days 3650 \
  -subj '/C=CN/ST=Beijing/L=Beijing/CN=etcd CA' \
  -addext keyUsage=critical,keyCertSign,cRLSign -keyout ca-key.pem -out ca.pem 2>/dev/null
