#!/bin/sh
# Asks customer again and again and shows an answer a line. Failures to get one are counted.
#
#   bin/poll_customer.sh [-n COUNT] [-i SECONDS] [URL] [CURL OPTIONS...]
#
# COUNT: how many times, else until Ctrl-C. SECONDS: the pause between two, 0.1 by default.
# URL: $CUSTOMER_URL by default, else the ingress of the running lab that $LAB_NAME means, else
# http://localhost:8280; it may stand before COUNT, and after curl's options.
# The status is 1 if none of COUNT requests was answered.
set -u
count=-1 pause=0.1 url=${CUSTOMER_URL:-} named=''

misused() {
  echo "poll_customer: $1" >&2
  exit 2
}
while [ $# -gt 0 ]; do
  case $1 in
  -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
  --count=* | --interval=*) option=${1%%=*} value=${1#*=} words=1 ;;
  -n | -i | --count | --interval)
    [ $# -gt 1 ] || misused "$1: a number is missing"
    option=$1 value=$2 words=2
    case $named$value in # curl has options of these names, without a number
    yes | yes*[!0-9.]*) break ;;
    esac ;;
  -*) break ;;
  *)
    [ -z "$named" ] || break
    url=$1 named=yes
    shift
    continue ;;
  esac
  case $value in
  '' | . | *[!0-9.]* | *.*.*) misused "$option: $value: not a number" ;;
  esac
  case $option$value in
  -i* | --i*) pause=$value ;;
  *.*) misused "$option: $value: not a whole number" ;;
  *) count=$value ;;
  esac
  shift "$words"
done
previous='' elsewhere=''
for argument in "$@"; do # curl asks every URL among its options
  case $previous in
  -x | --proxy | --preproxy | -e | --referer | -A | -H | -d | --data* | -o) ;;
  *)
    case $argument in
    *://* | localhost:[0-9]* | 127.*:[0-9]*) elsewhere=yes ;;
    esac ;;
  esac
  previous=$argument
done

# ingress is the address of the running lab's, or where one is by default; nothing is built for it
ingress() {
  lab=$(dirname "$0")/../out/lab found=''
  if [ -x "$lab" ] && [ "${LAB_ON:-lab}" = lab ]; then
    found=$("$lab" status -o json 2>/dev/null | sed -n 's/^ *"Ingress": "\(.*\)",*$/\1/p')
  fi
  echo "${found:-http://localhost:8280}"
}
if [ -n "$elsewhere" ]; then url=''; elif [ -z "$url" ]; then url=$(ingress); fi

terminal='' answered='' failure='' repeated=0 advised=''
[ ! -t 1 ] || terminal=yes

# fail STATUS MESSAGE: shows a message of curl once, and counts it when it comes again
fail() {
  case $1 in 2 | 3) misused "$2" ;; esac # it is about the arguments
  if [ "$1" = "$failure" ]; then
    repeated=$((repeated + 1))
    [ -z "$terminal" ] || printf '\r(%s times more)' "$repeated"
    return
  fi
  counted
  failure=$1
  printf '%s\n' "$2"
  case $1$advised in
  7) advised=yes
    echo "poll_customer: nobody listens there: is the lab up? \`make run\` in another terminal starts one" >&2 ;;
  esac
}

# counted ends the count of a failure
counted() {
  if [ "$repeated" -gt 0 ]; then
    [ -z "$terminal" ] || printf '\r'
    printf '(%s times more)\n' "$repeated"
  fi
  failure='' repeated=0
}

[ "$count" -ne 0 ] || answered=yes
trap 'counted; exit 130' INT # also out of curl
while [ "$count" -ne 0 ]; do
  # the status comes on a line of its own: an answer without text shows it
  answer=$(curl -sS --max-time 60 -w '\n%{http_code}' "$@" ${url:+"$url"} 2>&1)
  ended=$?
  status=${answer##*
}
  answer=${answer%
*}
  answer=${answer%
}
  if [ $ended -eq 0 ]; then
    counted
    answered=yes
    printf '%s\n' "${answer:-(status $status without text)}"
  else
    fail $ended "${answer:-curl: ($ended)}"
  fi
  count=$((count - 1))
  [ "$count" -eq 0 ] || sleep "$pause"
done
counted
[ -n "$answered" ]
