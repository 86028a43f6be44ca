#!/bin/sh
# Asks customer again and again and shows an answer a line.
#
#   bin/poll_customer.sh [-n COUNT] [-i SECONDS] [URL] [CURL OPTIONS...]
#
# COUNT: how many times, else until Ctrl-C. SECONDS: the pause between two, 0.1 by default.
# URL: $CUSTOMER_URL by default, else http://localhost:8280.
set -u
count=-1 pause=0.1 url=${CUSTOMER_URL:-http://localhost:8280}

misused() {
  echo "poll_customer: $1" >&2
  exit 2
}
while [ $# -gt 0 ]; do
  case $1 in
  -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
  -n | -i) [ $# -gt 1 ] || misused "$1: a number is missing" ;;
  *) break ;;
  esac
  case $2 in
  '' | . | *[!0-9.]* | *.*.*) misused "$1: $2: not a number" ;;
  esac
  if [ "$1" = -i ]; then pause=$2; else
    case $2 in *.*) misused "$1: $2: not a whole number" ;; esac
    count=$2
  fi
  shift 2
done
case ${1--} in
-*) ;;
*) url=$1; shift ;;
esac

trap 'exit 130' INT # also out of curl
while [ "$count" -ne 0 ]; do
  # the status comes on a line of its own: an answer without text shows it
  answer=$(curl -sS --max-time 60 -w '\n%{http_code}' "$@" "$url" 2>&1)
  status=${answer##*
}
  answer=${answer%
*}
  answer=${answer%
}
  printf '%s\n' "${answer:-(status $status without text)}"
  count=$((count - 1))
  [ "$count" -eq 0 ] || sleep "$pause"
done
