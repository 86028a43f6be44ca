#!/bin/sh
# Makes a cluster with Istio and the tutorial on this machine, and a way in; removes it again. It prints
# each command before it runs it.
#
#   bin/cluster.sh up      or goes on where the last call stopped; Ctrl-C stops it, or ends the way in
#   bin/cluster.sh down    removes what up has made, and nothing else
#
# CLUSTER is kind, minikube, or here: the cluster of kubectl's context, in which it adds what is missing.
# NAME is the cluster's name, LISTEN the port of the way in. GATEWAY_API names another release or file of
# the Gateway API's kinds, PROFILE another profile of Istio. OVERLAY names another kustomization, and
# NAMESPACE its namespace. LOAD='command' reads an archive of the images, where kind and minikube do not.
set -eu
cd "$(dirname "$0")/.."
listen=${LISTEN:-8280}
record=out/cluster # what was made: a line for each, the cluster first

die() {
  echo "cluster: $1" >&2
  exit "${2-1}"
}

# show COMMAND...: prints it as one could type it
show() {
  line=''
  for word in "$@"; do
    case $word in *[!A-Za-z0-9_./:=@%,+-]*) word="'$word'" ;; esac
    line="$line $word"
  done
  printf '\n$%s\n' "$line"
}

run() {
  show "$@"
  "$@"
}

has() { command -v "$1" >/dev/null 2>&1; }

made() { [ -f "$record" ] && grep -qxF "$1" "$record"; }

note() {
  mkdir -p out
  made "$1" || echo "$1" >>"$record"
}

forget() {
  grep -vxF "$1" "$record" >"$record.new" || : # it was the last
  mv "$record.new" "$record"
  [ -s "$record" ] || rm -f "$record"
}

# where TOOL prints where it is from
where() {
  case $1 in
  kubectl) echo https://kubernetes.io/docs/tasks/tools/ ;;
  istioctl) echo https://istio.io/latest/docs/setup/getting-started/#download ;;
  docker) echo https://docs.docker.com/get-started/get-docker/ ;;
  kind) echo https://kind.sigs.k8s.io/docs/user/quick-start/#installation ;;
  minikube) echo https://minikube.sigs.k8s.io/docs/start/ ;;
  esac
}

# need TOOL...: all of them, or it says of each that is missing where it is from
need() {
  missing=''
  for tool in "$@"; do
    has "$tool" || missing="$missing
  $tool: not found; it is from $(where "$tool")"
  done
  [ -z "$missing" ] || die "tools are missing:$missing"
}

# recall sets what the last call had, for this one to go on with
recall() {
  before='' overlay=deploy/overlays/istio namespace=istio-tutorial
  if [ -f "$record" ]; then
    before=$(head -n 1 "$record")
    line=$(sed -n 's/^overlay //p' "$record")
    [ -z "$line" ] || overlay=${line%% *} namespace=${line#* }
  fi
  name=${before#* } name=${NAME:-${name:-istio-tutorial}}
  overlay=${OVERLAY:-$overlay} namespace=${NAMESPACE:-$namespace}
}

# choose sets kind, minikube or here: by CLUSTER, else as the last call had it, else by what is installed
choose() {
  recall
  cluster=${CLUSTER:-${before%% *}}
  if [ -z "$cluster" ]; then
    cluster=minikube
    if has kind && has docker || ! has minikube; then cluster=kind; fi
  fi
  case $cluster in
  kind) need kubectl istioctl docker kind ;;
  minikube) need kubectl istioctl docker minikube ;;
  here) need kubectl istioctl ;;
  *) die "CLUSTER: \"$cluster\": want kind, minikube or here" 2 ;;
  esac
}

# answers: the engine runs
answers() {
  docker info >/dev/null 2>&1 || die "docker: it is installed, but its engine does not answer: start that first"
}

# context NAME: every kubectl and istioctl that follows is for this cluster, whatever kubectl's own is
context() {
  mine="$cluster $1"
  [ -z "$before" ] || [ "$before" = "$mine" ] ||
    die "the last call made or used \"$before\": make cluster-down removes what it made"
  case $cluster in
  kind) context=kind-$1 ;;
  *) context=$1 ;;
  esac
}

# there: the cluster exists
there() {
  case $cluster in
  kind) kind get clusters 2>/dev/null | grep -qxF "$name" ;;
  minikube) minikube status -p "$name" >/dev/null 2>&1 ;;
  esac
}

create() {
  case $cluster in
  here)
    current=$(kubectl config current-context) || die 'kubectl names no cluster: set KUBECONFIG, or leave CLUSTER out'
    context "$current"
    note "$mine"
    return
    ;;
  esac
  context "$name"
  answers
  if there; then
    made "$mine" || die "$cluster has a cluster $name, which this script did not make: NAME=another makes one beside it, CLUSTER=here uses it"
    ! made "$mine done" || return 0
    [ "$cluster" = minikube ] || run kind delete cluster --name "$name" # the last attempt was broken off
  fi
  rm -f "$record"
  note "$mine" # before it is there: an attempt that is broken off is to be removed, too
  case $cluster in
  kind) run kind create cluster --name "$name" --wait 2m ;;
  minikube) run minikube start -p "$name" --cpus 2 --memory 4g ;;
  esac
  note "$mine done"
}

# gateway_api prints where the kinds are that this istioctl was made for
gateway_api() {
  case $(istioctl version --remote=false 2>/dev/null) in
  *1.30.*) version=v1.5.1 ;;
  *) version=v1.6.0 ;;
  esac
  echo "${GATEWAY_API:-https://github.com/kubernetes-sigs/gateway-api/releases/download/$version/experimental-install.yaml}"
}

# step WHAT TEST COMMAND...: runs the command unless it has been done, here or by somebody else
step() {
  what=$1 test=$2
  shift 2
  made "$what done" && return
  if ! made "$what" && $test; then
    echo "cluster: $what: there already, and not by this script: it stays as it is"
    return
  fi
  note "$what"
  run "$@"
  note "$what done"
}

has_gateway_api() { kubectl --context "$context" get crd gateways.gateway.networking.k8s.io >/dev/null 2>&1; }
has_istio() { kubectl --context "$context" -n istio-system get deployment istiod >/dev/null 2>&1; }
has_istio_system() { kubectl --context "$context" get namespace istio-system >/dev/null 2>&1; }
has_namespace() { kubectl --context "$context" get namespace "$namespace" >/dev/null 2>&1; }

# load brings the images to where the cluster's nodes find them
load() {
  run make -s images
  case ${LOAD:+given}$cluster in
  given*) run make -s load LOAD="$LOAD" ;;
  kind) run make -s load KIND_CLUSTER_NAME="$name" ;;
  minikube) run make -s load MINIKUBE_PROFILE="$name" ;;
  here) die "CLUSTER=here: say how the images come to the cluster: LOAD='command', which reads an archive of them" 2 ;;
  esac
}

# deploy applies the overlay, and waits until all is ready. Istio adds the Gateway's Deployment.
deploy() {
  if ! made "overlay $overlay $namespace" && has_namespace; then
    die "namespace $namespace is there already, and not by this script: remove it first, or name another overlay by OVERLAY and NAMESPACE"
  fi
  note "overlay $overlay $namespace"
  run kubectl --context "$context" apply -k "$overlay"
  run kubectl --context "$context" -n "$namespace" wait --for=create --timeout=2m deployment/customer-gateway-istio
  run kubectl --context "$context" -n "$namespace" wait --for=condition=Available --timeout=5m deployment --all
  run kubectl --context "$context" -n "$namespace" get pods
}

# leave_way_in ends what enter has opened
leave_way_in() {
  kill "$tunnel" 2>/dev/null || :
  wait "$tunnel" 2>/dev/null || :
  exit 0
}

# enter opens the way in until Ctrl-C
enter() {
  echo
  echo "The chain is at http://localhost:$listen as long as this runs. Ctrl-C ends the way in; the cluster stays."
  [ "$listen" = 8280 ] || echo "In another terminal first: export CUSTOMER_URL=http://localhost:$listen"
  echo "make cluster opens it again, make cluster-down removes all that it has made."
  set -- kubectl --context "$context" -n "$namespace" port-forward service/customer-gateway-istio "$listen:80"
  show "$@"
  signalled=no
  trap 'signalled=yes' INT TERM # until it is known what to end
  "$@" &
  tunnel=$!
  trap leave_way_in INT TERM
  [ $signalled = no ] || leave_way_in
  wait "$tunnel"
}

up() {
  choose
  trap 'echo; echo "cluster: stopped. make cluster goes on from here, make cluster-down removes what is there."; exit 130' INT TERM
  create
  step gateway-api has_gateway_api kubectl --context "$context" apply --server-side -f "$(gateway_api)"
  has_istio_system || note istio-system
  step istio has_istio istioctl --context "$context" install -y --set profile="${PROFILE:-default}" \
    --set meshConfig.accessLogFile=/dev/stdout
  load
  deploy
  enter
}

# undo WHAT COMMAND...: runs it if that was made, and forgets it
undo() {
  what=$1
  shift
  made "$what" || return 0
  run "$@"
  ! made "$what done" || forget "$what done"
  forget "$what"
}

down() {
  [ -f "$record" ] || { echo 'cluster: nothing to remove: this script has made nothing'; return; }
  NAME='' OVERLAY='' NAMESPACE='' # as they were
  recall
  cluster=${before%% *}
  trap 'echo; echo "cluster: stopped. make cluster-down goes on from here."; exit 130' INT TERM
  need "$([ "$cluster" = here ] && echo kubectl || echo "$cluster")"
  case $cluster in
  kind) run kind delete cluster --name "$name" ;;
  minikube) run minikube delete -p "$name" ;;
  here) leave ;;
  esac
  rm -f "$record"
}

# leave takes out of a cluster that was there before what was added to it, the last first
leave() {
  context=$name
  undo "overlay $overlay $namespace" kubectl --context "$context" delete -k "$overlay" --ignore-not-found
  undo istio istioctl --context "$context" uninstall --purge -y
  undo istio-system kubectl --context "$context" delete namespace istio-system --ignore-not-found
  undo gateway-api kubectl --context "$context" delete --ignore-not-found -f "$(gateway_api)"
}

case ${1-}$# in
up1) up ;;
down1) down ;;
-h1 | --help1) sed -n '2,12s/^# \{0,1\}//p' "$0" ;;
*) die "${1:-no command}: want up or down" 2 ;;
esac
