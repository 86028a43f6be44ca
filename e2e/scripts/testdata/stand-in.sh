#!/bin/sh
# Stands in for kind, minikube, kubectl, istioctl, docker and make, by whose name it is called: it notes
# what it is asked, and remembers what would be there. $STATE is its memory; fail and hold in it name a
# command that breaks, or that lasts.
me="${0##*/} $*"
echo "$me" >>"$STATE/log"
has() { [ -f "$STATE/$1" ]; }
case $me in
'kind get clusters') cat "$STATE/cluster" 2>/dev/null ;;
'kind create cluster '* | 'minikube start '*) echo "${CREATES-istio-tutorial}" >"$STATE/cluster" ;;
'minikube status '*) has cluster ;;
'kind delete '* | 'minikube delete '*) rm -f "$STATE/cluster" "$STATE/crds" "$STATE/istio" "$STATE/namespace" ;;
'kubectl config current-context') echo theirs ;;
'istioctl version '*) echo 'client version: 1.30.3' ;;
'kubectl '*' get crd '*) has crds ;;
'kubectl '*' get deployment istiod' | 'kubectl '*' get namespace istio-system') has istio ;;
'kubectl '*' get namespace '*) has namespace ;;
'kubectl '*' port-forward '*) echo forwarding && exec sleep 1000 ;;
esac || exit 1
if has hold && [ "$me" != "${me#*"$(cat "$STATE/hold")"}" ]; then echo holding && exec sleep 1000; fi
if has fail && [ "$me" != "${me#*"$(cat "$STATE/fail")"}" ]; then echo 'it is broken' >&2 && exit 7; fi
case $me in
'kubectl '*' apply --server-side '*) : >"$STATE/crds" ;;
'kubectl '*' apply -k '*) : >"$STATE/namespace" ;;
'kubectl '*' delete -k '*) rm -f "$STATE/namespace" ;;
'istioctl '*' install '*) : >"$STATE/istio" ;;
esac
