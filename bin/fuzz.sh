#!/bin/sh
# Runs every fuzz target of the modules, one after the other. What a target fails on is kept in
# testdata/fuzz beside it, where go test runs it from then on: commit it with the repair.
#
#   bin/fuzz.sh TIME MODULE...        TIME is that of each target, such as 30s
set -eu
cd "$(dirname "$0")/.."
case ${1-} in
-h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
[ $# -gt 1 ] || { echo 'fuzz: want a time and modules' >&2; exit 2; }
time=$1
shift

for module in "$@"; do
  list=$(go -C "$module" test -list '^Fuzz' ./...) || { echo "$list" >&2; exit 1; }
  # the targets of a package stand before its line
  echo "$list" | awk '/^Fuzz/ { names[++n] = $1 } /^ok/ { for (i = 1; i <= n; i++) print $2, names[i]; n = 0 }' |
    while read -r package target; do
      echo "fuzz: $package $target"
      go -C "$module" test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "$time" </dev/null
    done
done
