#!/bin/sh
# Runs a command that may be quiet for minutes, such as a build by Go, and shows on standard error
# that it lives: on one line in a terminal, and every 15 seconds elsewhere. A command that ends
# sooner is not mentioned; how long another one took is. What else the command says is passed on.
#
#   bin/progress.sh NAME COMMAND [ARGUMENTS...]
#
# go build and go list tell by -v what they compile, and always what they fetch; both are counted.
set -u
case ${1-} in
'' | -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; [ $# -gt 0 ]; exit ;;
esac
[ $# -gt 1 ] || { echo "progress: $1: a command is missing" >&2; exit 2; }
name=$1
shift
period=15 terminal=''
if [ -t 2 ] && [ "${TERM:-dumb}" != dumb ]; then period=1 terminal=yes; fi

# show counts the lines of the command, and returns its status
show() {
  modules=0 packages=0 seconds=0 status=1 shown=''
  while IFS= read -r line; do
    case $line in
    'progress: tick') seconds=$((seconds + period)) && state ;;
    'progress: status '*) status=${line##* } && break ;;
    'go: downloading '*) modules=$((modules + 1)) ;;
    '' | [!a-z]* | *[!a-zA-Z0-9._/-]*) clear_line && printf '%s\n' "$line" ;;
    *) packages=$((packages + 1)) ;;
    esac
  done
  clear_line
  if [ "$status" = 0 ] && [ "$seconds" -ge 15 ]; then printf '%s\n' "$name: done in $(span)"; fi
  return "$status"
}

# span is the time so far, as 2m10s
span() {
  [ "$seconds" -lt 60 ] || printf '%sm' $((seconds / 60))
  printf '%ss' $((seconds % 60))
}

state() {
  text="$name: $seconds s"
  [ "$modules" -eq 0 ] || text="$text, modules fetched: $modules"
  [ "$packages" -eq 0 ] || text="$text, packages compiled: $packages"
  if [ -n "$terminal" ]; then printf '\r%s\033[K' "$text" && shown=yes; else printf '%s\n' "$text"; fi
}

clear_line() {
  [ -z "$shown" ] || printf '\r\033[K'
  shown=''
}

{
  {
    trap 'kill $!; exit' TERM
    while :; do
      sleep "$period" >/dev/null 2>&1 &
      wait $! && echo 'progress: tick' || exit
    done
  } 2>/dev/null &
  ticks=$!
  "$@" 2>&1
  echo "progress: status $?"
  kill "$ticks"
} | show >&2
