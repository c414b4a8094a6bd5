#!/bin/bash -e
echo "$1 $(wc -c <"$2")" >/srv/lab-tree.count
