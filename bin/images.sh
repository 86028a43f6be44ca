#!/bin/sh
# Builds the images, publishes them, or brings them to a local cluster.
#
#   bin/images.sh build              for this machine's architecture
#   bin/images.sh push REGISTRY      amd64 and arm64, as REGISTRY/NAME:TAG
#   bin/images.sh load               into kind or minikube, or to the standard input of $LOAD;
#                                    KIND_CLUSTER_NAME or MINIKUBE_PROFILE names which
#   bin/images.sh list               their names
#
# DOCKER names the engine (docker or podman). With PUSH_FLAGS=--insecure (podman:
# --tls-verify=false) a registry without TLS is taken.
set -eu
cd "$(dirname "$0")/.."
engine=${DOCKER:-docker}
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)

# the images: NAME:TAG, the program, which is the Dockerfile's stage too, further arguments
images() {
  cat <<'LIST'
istio-tutorial-customer:v1 customer
istio-tutorial-preference:v1 preference
istio-tutorial-recommendation:v1 recommendation VERSION=v1
istio-tutorial-recommendation:v2 recommendation VERSION=v2
istio-tutorial-egresshttpbin:v1 egress NAME=egresshttpbin EGRESS_URL=http://httpbin.org/headers
istio-tutorial-egressgithub:v1 egress NAME=egressgithub EGRESS_URL=http://api.github.com:443/users
istio-tutorial-outside:v1 outside
LIST
}
names() { images | cut -d ' ' -f 1; }
die() {
  echo "images: $1" >&2
  exit "${2-1}"
}

# use_buildkit chooses it where the client has it: in docker 23 and later, by the buildx plugin
use_buildkit() {
  case $engine in *podman*) return ;; esac
  if "$engine" buildx version >/dev/null 2>&1; then return; fi
  case $("$engine" version -f '{{.Client.Version}}' 2>/dev/null) in
  18.* | 19.* | 20.*) export DOCKER_BUILDKIT=1 ;;
  *) [ "$1" = build ] || die "push: $engine builds for two architectures by its buildx plugin only: install that, or say DOCKER=podman" ;;
  esac
}

# reach_engine: before minutes of building
reach_engine() {
  command -v "$engine" >/dev/null || die "$engine: not found; install docker, or say DOCKER=podman"
  said=$("$engine" ps -q 2>&1 >/dev/null) && return
  other=''
  case $engine in *podman*) ;; *) ! command -v podman >/dev/null || other='; podman is here: say DOCKER=podman' ;; esac
  die "$engine does not answer$other:
  $said"
}

# certificates prints where this machine keeps the public authorities
certificates() {
  for file in "${CA_CERTIFICATES-}" /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
    [ ! -f "$file" ] || { echo "$file"; return; }
  done
  die 'no certificates found: name a file of them by CA_CERTIFICATES'
}

# licenses PROGRAM ARCH: the licences of Go, and of all modules that are linked into the program, as
# their terms want it wherever the program goes
licenses() {
  # shellcheck disable=SC2016 # the template is go's
  GOOS=linux GOARCH=$2 GOWORK=off go list -C "$1" -deps -f '{{with .Module}}{{if .Version}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' . |
    grep -v '^istio-tutorial/' | sort -u >out/images/modules
  echo "Go $(go env GOVERSION) $(go env GOROOT)" | cat - out/images/modules | while read -r module version folder; do
    texts=$(find "$folder" -maxdepth 1 -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' \) | sort)
    [ -n "$texts" ] || die "$module $version: no licence in $folder"
    echo "$texts" | while read -r text; do
      printf '======== %s %s: %s\n\n' "$module" "$version" "${text##*/}"
      cat "$text"
      echo
    done
  done
}

# compile ARCH: the build context of that architecture. Fixed dates, so that equal programs
# make equal layers.
compile() {
  context=out/images/$1
  rm -rf "$context"
  mkdir -p "$context"
  echo "images: building the programs for $1: five of 10 MB each; the first time in a minute or two"
  for folder in customer preference recommendation egress lab/cmd/outside; do
    program=${folder##*/}
    CGO_ENABLED=0 GOOS=linux GOARCH=$1 GOWORK=off bin/progress.sh "images: building $program" \
      go -C "$folder" build -v -trimpath -buildvcs=auto -ldflags='-s -w' -o "$PWD/$context/" .
    licenses "$folder" "$1" >"$context/$program.licenses" || exit
  done
  cp "$(certificates)" "$context/ca-certificates.crt"
  chmod 0755 "$context"/* && chmod 0644 "$context/ca-certificates.crt" "$context"/*.licenses
  TZ=UTC touch -t 198001010000 "$context"/*
}

# build ARCH PREFIX SUFFIX: PREFIX/NAME:TAG-SUFFIX for every image
build() {
  compile "$1"
  images | while read -r image program arguments; do
    echo "images: $2$image$3 ($1)"
    flags="--build-arg PROGRAM=$program"
    case $engine in *podman*) flags="$flags --no-cache" ;; esac # it takes v1 for v2 otherwise
    for argument in $arguments; do flags="$flags --build-arg $argument"; done
    # shellcheck disable=SC2086 # no argument holds white space
    "$engine" build -q --platform "linux/$1" -f Dockerfile --target "$program" -t "$2$image$3" $flags \
      --label "org.opencontainers.image.title=${image%:*}" \
      --label "org.opencontainers.image.version=${image#*:}" \
      --label "org.opencontainers.image.revision=$revision" \
      "out/images/$1" >out/images/log 2>&1 </dev/null || die "$engine build: $(cat out/images/log)"
  done
}

push() {
  for arch in amd64 arm64; do build $arch "$1/" -$arch; done
  for image in $(names); do
    echo "images: pushing $1/$image"
    case $engine in
    *podman*) push_podman "$1/$image" ;;
    *) push_docker "$1/$image" ;;
    esac >out/images/log 2>&1 || die "$engine push: $(cat out/images/log)"
  done
}

# shellcheck disable=SC2086 # PUSH_FLAGS are several words
push_docker() {
  "$engine" manifest rm "$1" 2>/dev/null || : # of an earlier run
  for arch in amd64 arm64; do "$engine" push "$1-$arch" || return; done
  "$engine" manifest create ${PUSH_FLAGS-} "$1" "$1-amd64" "$1-arm64" &&
    "$engine" manifest push --purge ${PUSH_FLAGS-} "$1"
}

# shellcheck disable=SC2086
push_podman() {
  "$engine" manifest rm "$1" 2>/dev/null || :
  "$engine" manifest create "$1" &&
    for arch in amd64 arm64; do "$engine" manifest add "$1" "containers-storage:$1-$arch" || return; done &&
    "$engine" manifest push --all ${PUSH_FLAGS-} "$1" "docker://$1"
}

# kind_is_meant: a profile of minikube is named only where that is meant
kind_is_meant() {
  [ -z "${MINIKUBE_PROFILE-}" ] || [ -n "${KIND_CLUSTER_NAME-}" ] || return 1
  command -v kind >/dev/null
}

# kind_cluster prints which cluster is meant: kind itself takes one of the name kind
kind_cluster() {
  clusters=${KIND_CLUSTER_NAME:-$(kind get clusters 2>/dev/null)}
  case $clusters in
  *[[:space:]]*) die "load: kind has several clusters; name one by KIND_CLUSTER_NAME: $(echo "$clusters" | tr '\n' ' ')" ;;
  esac
  echo "$clusters"
}

load() {
  if [ -n "${LOAD-}" ]; then
    # shellcheck disable=SC2046 # names hold no white space
    "$engine" save $(names) | sh -c "$LOAD"
  elif kind_is_meant && [ -n "$(kind get clusters 2>/dev/null)" ]; then
    cluster=$(kind_cluster)
    # shellcheck disable=SC2046
    kind load docker-image --name "$cluster" $(names)
  elif command -v minikube >/dev/null; then
    for image in $(names); do minikube ${MINIKUBE_PROFILE:+-p "$MINIKUBE_PROFILE"} image load "$image"; done
  else
    die "load: no kind cluster and no minikube here; or name a command that reads an image archive: LOAD='...'"
  fi
}

case ${1-}/${2-} in
push/ | push/*[[:space:]]*) die 'push: name the registry: make push REGISTRY=host/path' 2 ;;
esac
case ${1-} in
build | push)
  reach_engine
  use_buildkit "$1"
  ;;
esac
case ${1-} in
build) build "$(go env GOARCH)" '' '' ;;
push) push "${2-}" ;;
load) load ;;
list) names ;;
-h | --help) sed -n '2,12s/^# \{0,1\}//p' "$0" ;;
*) die "${1:-no command}: want build, push, load or list" 2 ;;
esac
