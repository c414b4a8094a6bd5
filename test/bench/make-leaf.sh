#!/bin/sh
# make-leaf.sh DIR NAME ADDRESS: a member's server and peer certificate under the CA in DIR.
set -eu
cd "$1"
umask 077
for use in server peer; do
  openssl req -x509 -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days 3650 \
    -CA ca.pem -CAkey ca-key.pem -subj '/C=CN/ST=Beijing/L=Beijing/CN=etcd' \
    -addext basicConstraints=critical,CA:FALSE -addext keyUsage=critical,digitalSignature,keyEncipherment \
    -addext extendedKeyUsage=serverAuth,clientAuth \
    -addext "subjectAltName=IP:$3,IP:127.0.0.1,DNS:localhost,DNS:$2" \
    -keyout "$2-$use-key.pem" -out "$2-$use.pem" 2>/dev/null
done
