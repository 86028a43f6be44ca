#!/bin/sh
# Runs the plain chain, customer -> preference -> recommendation, on this machine, without a
# mesh, and shows the three logs. Ctrl-C ends it. make chain builds the programs first.
# Their settings pass through: TIMEOUT=3s bin/chain.sh
# So do other ports: PORTS='9280 9180 9080' bin/chain.sh
set -u
cd "$(dirname "$0")/.." || exit 1

case ${1-} in
'') ;;
-h | --help) sed -n '2,5s/^# //p' "$0"; exit 0 ;;
*) echo "chain: $1: no such argument; -h tells the use" >&2; exit 2 ;;
esac
# shellcheck disable=SC2086 # three words
set -- ${PORTS:-8280 8180 8080}
case $#$* in
3*[!0-9\ ]* | [!3]*) echo "chain: PORTS: \"$*\": not three ports" >&2; exit 2 ;;
esac
customer=$1 preference=$2 recommendation=$3
for name in customer preference recommendation; do
  [ -x out/$name ] || { echo "chain: out/$name: not built; make chain builds it" >&2; exit 1; }
done

# owner PORT: the program that listens there, where the system tells
owner() {
  pid=''
  if command -v lsof >/dev/null; then
    pid=$(lsof -nP -t -iTCP:"$1" -sTCP:LISTEN 2>/dev/null | head -n 1)
  elif [ -r /proc/net/tcp ]; then
    inode=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
      awk -v port="$(printf ':%04X' "$1")" '$4 == "0A" && substr($2, length($2) - 4) == port { print $10; exit }')
    pid=$(find /proc/[0-9]*/fd -lname "socket:\[${inode:-none}\]" 2>/dev/null | sed -n '1s,^/proc/\([0-9]*\)/.*,\1,p')
  fi
  program=$(ps -o comm= -p "${pid:-0}" 2>/dev/null) || return 0
  echo " by ${program##*/}, pid $pid"
}

# nothing is started where a port, or that of a program's metrics, is taken: 7 says that nobody listens
for port in "$@"; do
  for taken in "$port" $((port + 1000)); do
    curl -s --noproxy '*' --max-time 1 -o /dev/null "http://127.0.0.1:$taken/health/live"
    [ $? -ne 7 ] || continue
    by=$(owner "$taken")
    echo "chain: port $taken is taken$by" >&2
    case $by in ' by envoy,'*) echo '  bin/lab down                        ends it, if that is a lab' >&2 ;; esac
    echo "  PORTS='9280 9180 9080' make chain   takes other ports" >&2
    exit 1
  done
done

dir=$(mktemp -d) || exit 1
services='' readers=''

# start NAME PORT VARIABLE=VALUE...: runs a program on loopback
start() {
  name=$1 port=$2
  shift 2
  mkfifo "$dir/$name"
  show "$name" <"$dir/$name" &
  readers="$readers $!"
  env DRAIN=0s LOG_FORMAT="${LOG_FORMAT:-text}" LISTEN_ON=127.0.0.1:"$port" \
    METRICS_ON=127.0.0.1:"$((port + 1000))" "$@" "out/$name" >"$dir/$name" 2>&1 &
  services="$services $!"
  echo "$!" >"$dir/$name.pid"
}

# show NAME: puts the name before each line, and tells the script when there will be no more
show() {
  trap '' INT TERM HUP
  while IFS= read -r line; do printf '%-14s | %s\n' "$1" "$line"; done
  echo "$1" >>"$dir/ended"
  kill -USR1 $$ 2>/dev/null
}

# fail: a service ended by itself
fail() {
  trap '' USR1
  name=$(head -n 1 "$dir/ended")
  wait "$(cat "$dir/$name.pid")"
  finish 1 "chain: $name ended with status $?"
}

# finish STATUS MESSAGE: ends all services and waits for them
finish() {
  trap '' INT TERM HUP USR1
  [ "$1" -eq 130 ] && patience=20 || patience=0 # Ctrl-C reached the services, too
  while [ "$patience" -gt 0 ] && alive; do
    sleep 0.1
    patience=$((patience - 1))
  done
  for pid in $services; do kill -TERM "$pid" 2>/dev/null; done
  for pid in $services $readers; do wait "$pid" 2>/dev/null; done
  rm -rf "$dir"
  [ "$1" -eq 130 ] && exit 0
  [ -z "${2-}" ] || echo "$2" >&2
  exit "$1"
}

alive() {
  for pid in $services; do
    kill -0 "$pid" 2>/dev/null && return 0
  done
  return 1
}

# act COMMAND: at once, or when all services are known to finish
act() {
  if [ -n "$starting" ]; then pending=$1; else $1; fi
}
starting=yes pending=''
trap 'act fail' USR1
trap 'act "finish 130"' INT
trap 'act "finish 0"' TERM HUP
unset HOSTNAME # this machine's name is not a pod's
start recommendation "$recommendation"
start preference "$preference" RECOMMENDATION_URL="${RECOMMENDATION_URL:-http://localhost:$recommendation}"
start customer "$customer" PREFERENCE_URL="${PREFERENCE_URL:-http://localhost:$preference}"
starting=''
[ -z "$pending" ] || $pending

for port in $recommendation $preference $customer; do
  tries=100
  # what has a taken port may never answer, and a signal waits for curl
  until curl -fs --max-time 1 -o "$dir/ready" "http://127.0.0.1:$port/health/ready"; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || finish 1 "chain: port $port: not ready after 10 s"
    sleep 0.1
  done
done
echo "The chain is up: curl localhost:$customer or bin/poll_customer.sh localhost:$customer in another terminal; Ctrl-C ends it."
while :; do wait; done
