package main

import (
	"fmt"
	"regexp"
	"strings"
)

// times is a text, so many times.
func times(n int, text string) string { return fmt.Sprintf("(?s)(?:%s.*?){%d}", text, n) }

const (
	v1Answers  = `customer => preference => recommendation v1 from '`
	v2Answers  = `customer => preference => recommendation v2 from '`
	poll       = "bin/poll_customer.sh"
	injected   = "the lab needs no injection: it gives pods their sidecars itself\n"
	twoReady   = `(?m)^recommendation-v2-\S+ +2/2 +Running(?s:.*)^recommendation-v2-\S+ +2/2 +Running`
	rolledOut  = "bin/lab rollout status deployment/recommendation-v2"
	siegeSteps = "bin/lab load -r 2 -c 20 -v customer.istio-tutorial.jimmysong.io"
)

func moved(text, here string) string {
	return regexp.QuoteMeta("the text's " + text + " is " + here + " here\n")
}

// deploying are the steps that deploy the chain, and version 2.
func deploying() []step {
	var list []step
	list = append(list, step{begins: "kubectl create ns istio-tutorial",
		says: []string{"^namespace/istio-tutorial unchanged\nthe lab made the namespace istio-tutorial when it started\n$"}})
	for _, s := range []string{"recommendation", "preference", "customer"} {
		list = append(list,
			step{begins: "kubectl apply -f <(istioctl kube-inject -f " + s + "/kubernetes/Deployment.yml",
				says: []string{injected, moved(s+"/kubernetes/Deployment.yml", "deploy/"+s+"/Deployment.yml"),
					`deployment.apps/\S+ unchanged\n`}},
			step{begins: "kubectl apply -f " + s + "/kubernetes/Service.yml",
				says: []string{moved(s+"/kubernetes/Service.yml", "deploy/"+s+"/Service.yml"), "service/" + s + " unchanged\n$"}})
	}
	return append(list,
		step{begins: "kubectl get pod -w", says: []string{`(?m)^customer-.* 2/2 +Running`, `(?m)^recommendation-v1-.* 2/2 +Running`}},
		step{begins: "kubectl apply -f ingress/ingress.yaml",
			says: []string{"^" + moved("ingress/ingress.yaml", "deploy/ingress/ingress.yml"), "ingress.networking.k8s.io/customer unchanged\n$"}},
		step{begins: "./" + poll, says: []string{"^" + v1Answers + `\S+': 1\n` + v1Answers + `\S+': 2\n`}},
		step{begins: "kubectl apply -f <(istioctl kube-inject -f recommendation/kubernetes/Deployment-v2.yml",
			says: []string{moved("recommendation/kubernetes/Deployment-v2.yml", "deploy/recommendation/Deployment-v2.yml"),
				"deployment.apps/recommendation-v2 created\n"},
			then: []step{{begins: rolledOut}}},
		step{begins: poll, says: []string{times(3, v1Answers+".*"+v2Answers)}, never: " 50[0-9] "},
		step{begins: "kubectl scale --replicas=2", says: []string{"deployment.apps/recommendation-v2 scaled\n"}},
		step{begins: "kubectl get pod -w", says: []string{twoReady}},
		step{begins: poll, says: []string{times(2, v2Answers+`[^\n]*\n`+v2Answers)}, never: " 50[0-9] "},
		step{begins: "kubectl scale --replicas=1", says: []string{"deployment.apps/recommendation-v2 scaled\n"}})
}

// routing are the steps from the RouteRules to the mirror.
func routing() []step {
	return []step{
		{begins: "istioctl create -f istiofiles/route-rule-recommendation-v2.yml",
			says: []string{"Created config route-rule/istio-tutorial/recommendation-default at revision"},
			then: []step{{begins: poll, says: []string{times(5, v2Answers)}, never: v1Answers}}},
		{begins: "istioctl delete routerule recommendation-default", says: []string{"^Deleted config: routerule recommendation-default\n$"}},
		{begins: "istioctl create -f istiofiles/route-rule-recommendation-v1_and_v2.yml",
			then: []step{{begins: poll, says: []string{times(5, v1Answers)}, never: " 50[0-9] "}}},
		{begins: "istioctl delete routerule recommendation-v1-v2"},
		{begins: "istioctl create -f istiofiles/route-rule-recommendation-503.yml"},
		{begins: poll, says: []string{times(3, "customer => 503 preference => 503 fault filter abort\n"), v1Answers, v2Answers}},
		{begins: "istioctl delete routerule recommendation-503"},
		{begins: "istioctl create -f istiofiles/route-rule-recommendation-delay.yml"},
		{begins: "istioctl delete routerule recommendation-delay"},
		{begins: "istioctl create -f istiofiles/route-rule-recommendation-v2_503.yml",
			then: []step{{begins: poll, says: []string{"fault filter abort"}, never: v1Answers}}},
		{begins: "istioctl create -f istiofiles/route-rule-recommendation-v2_retry.yml",
			says: []string{"warning: recommendation-v2-503 never acts: recommendation-v2-retry",
				"warning: recommendation-v2-retry ends no try after 2s: Istio 0.7.1 ignored a perTryTimeout"},
			then: []step{{begins: poll, says: []string{times(20, v2Answers)}, never: v1Answers + "| 50[0-9] "}}},
		{begins: "istioctl delete routerule recommendation-v2-retry"},
		{begins: "istioctl delete routerule recommendation-v2-503"},
		{begins: "kubectl delete -f recommendation/kubernetes/Deployment-v2.yml",
			says: []string{moved("recommendation/kubernetes/Deployment-v2.yml", "deploy/recommendation/Deployment-v2.yml"),
				`deployment.apps "recommendation-v2" deleted`}},
		{begins: "kubectl apply -f <(istioctl kube-inject -f recommendation/kubernetes/Deployment-v2.yml",
			says: []string{"deployment.apps/recommendation-v2 created\n"}},
		{begins: "istioctl create -f istiofiles/route-rule-recommendation-timeout.yml",
			says: []string{`no pod is slow yet; to see the rule act, type: bin/lab set env deployment/recommendation-v2 TIMEOUT=3s\n`},
			then: []step{{begins: "bin/lab set env deployment/recommendation-v2 TIMEOUT=3s"}, {begins: rolledOut}}},
		{begins: poll, says: []string{times(2, "customer => 503 preference => 504 upstream request timeout\n"), v1Answers}, never: v2Answers},
		{begins: "istioctl delete routerule recommendation-timeout"},
		{begins: "istioctl create -f istiofiles/route-rule-recommendation-v1.yml"},
		{begins: "istioctl create -f istiofiles/route-rule-safari-recommendation-v2.yml"},
		{begins: "curl -A Safari http://customer.istio-tutorial.jimmysong.io/", says: []string{v2Answers}},
		{begins: "curl -A Firefox http://customer.istio-tutorial.jimmysong.io/", says: []string{v1Answers}},
		{begins: "istioctl create -f istiofiles/route-rule-mobile-recommendation-v2.yml"},
		{begins: `curl -A "Mozilla/5.0 (iPhone`, says: []string{v2Answers}},
		{begins: "istioctl delete routerule recommendation-mobile"},
		{begins: "istioctl delete routerule recommendation-safari"},
		{begins: "istioctl delete routerule recommendation-default"},
		{begins: "istioctl create -f istiofiles/route-rule-recommendation-v1-mirror-v2.yml"},
		{begins: poll, says: []string{times(5, v1Answers)}, never: v2Answers},
		{begins: "kubectl logs -f `oc get pods", fails: true,
			says: []string{"oc: command not found", "Error: want POD, deployment/NAME or -l LABELS; bin/lab get pods lists the pods\n"},
			then: []step{{begins: "bin/lab logs -f `bin/lab get pods|grep recommendation-v2|awk '{ print $1 }'` -c recommendation",
				says: []string{times(7, `"msg":"recommendation v2"`)}}}},
	}
}

// policies are the steps from the access lists to the ejection.
func policies() []step {
	const (
		slow = `HTTP/1.1 200 +[3-9]\.[0-9]+ secs`
		exec = " exec POD -c recommendation /bin/bash"
	)
	return []step{
		{begins: "istioctl create -f istiofiles/acl-whitelist.yml"},
		{begins: poll, says: []string{times(2, "customer => 404 NOT_FOUND:preferencewhitelist.listchecker.istio-tutorial:customer is not whitelisted\n")}},
		{begins: "istioctl delete -f istiofiles/acl-whitelist.yml"},
		{begins: "istioctl create -f istiofiles/acl-blacklist.yml"},
		{begins: poll, says: []string{times(2, "customer => 403 PERMISSION_DENIED:denycustomerhandler.denier.istio-tutorial:Not allowed\n")}},
		{begins: "istioctl delete -f istiofiles/acl-blacklist.yml"},
		{begins: "kubectl scale deployment recommendation-v1 --replicas=2"},
		{begins: poll, says: []string{times(3, v1Answers)}, never: v2Answers + "| (40|50)[0-9] "},
		{begins: "istioctl create -f istiofiles/recommendation_lb_policy_app.yml", // the text has left the mirror's rule
			says: []string{"warning: recommendation-loadbalancer never acts: every route to recommendation names labels"},
			then: []step{{begins: "bin/lab delete routerule recommendation-mirror"},
				{begins: "bin/lab routes", says: []string{`(?m)^recommendation +3/3 +random `}},
				{begins: poll, says: []string{times(2, v1Answers), v2Answers}, never: " (40|50)[0-9] "}}},
		{begins: "istioctl delete -f istiofiles/recommendation_lb_policy_app.yml"},
		{begins: "kubectl scale deployment recommendation-v1 --replicas=1"},
		{begins: "istioctl create -f istiofiles/route-rule-recommendation-v1_and_v2_50_50.yml"},
		{begins: "siege -r 2 -c 20 -v", fails: true, says: []string{"siege: command not found"},
			then: []step{{begins: siegeSteps, says: []string{slow, `Transactions: +40 hits\n`, `Availability: +100.00 %`}}}},
		{begins: "istioctl create -f istiofiles/recommendation_cb_policy_version_v2.yml"},
		{begins: "siege -r 2 -c 20 -v", fails: true, says: []string{"siege: command not found"},
			then: []step{{begins: siegeSteps, says: []string{`HTTP/1.1 503 `, `HTTP/1.1 200 `}, never: `Availability: +100.00 %`}}},
		{begins: "istioctl delete routerule recommendation-v1-v2"},
		{begins: "istioctl delete -f istiofiles/recommendation_cb_policy_version_v2.yml"},
		{begins: "istioctl create -f istiofiles/route-rule-recommendation-v1_and_v2_50_50.yml"},
		{begins: "kubectl scale deployment recommendation-v2 --replicas=2"},
		{begins: "kubectl get pods -w", says: []string{twoReady}},
		{begins: "kubectl exec recommendation-v2-785465d9cd-225ms -c recommendation /bin/bash", fails: true,
			says: []string{`Error: pods "recommendation-v2-785465d9cd-225ms" not found; `},
			then: []step{
				{begins: "bin/lab" + exec, says: []string{"^/bin/bash has ended, as nothing could be typed: bin/lab exec -it passes it what you type\n$"}},
				{begins: "bin/lab" + strings.Replace(exec, "exec", "exec -it", 1), input: "curl localhost:8080/misbehave\n",
					says: []string{"Following requests to '/' will return a 503"}}}},
		{begins: "istioctl create -f istiofiles/recommendation_cb_policy_pool_ejection.yml"},
		{begins: poll, says: []string{"customer => 503 preference => 503 recommendation misbehavior", times(3, v1Answers), times(3, v2Answers)},
			then: []step{{begins: "bin/lab stats deployment/preference ejections_enforced_total", // the ejection may be over
				says: []string{"version=v2.*ejections_enforced_total: [1-9]"}}}},
		{begins: "istioctl replace -f istiofiles/route-rule-recommendation-v1_and_v2_retry.yml",
			says: []string{"Updated config route-rule/istio-tutorial/recommendation-v1-v2 to revision",
				"warning: recommendation-v1-v2 ends no try after 1s: Istio 0.7.1 ignored a perTryTimeout"},
			then: []step{{begins: poll, says: []string{times(3, v1Answers), times(3, v2Answers)}, never: " 50[0-9] "}}},
		{begins: "kubectl scale deployment recommendation-v2 --replicas=1"},
		{begins: "istioctl delete routerule recommendation-v1-v2"},
		{begins: "istioctl delete -f istiofiles/recommendation_cb_policy_pool_ejection.yml"},
	}
}

// leaving are the steps about hosts outside.
func leaving() []step {
	const java = "/src/main/kubernetes/"
	inject := func(service string) string {
		return "kubectl apply -f <(istioctl kube-inject -f egress/" + service + java + "Deployment.yml) -n "
	}
	service := func(name string) step {
		return step{begins: "kubectl create -f egress/" + name + java + "Service.yml", says: []string{
			moved("egress/"+name+java+"Service.yml", "deploy/egress/"+name+"/Service.yml"), "service/" + name + " created\n"}}
	}
	inside := func(name string) string {
		return `bin/lab exec -it $(bin/lab get pods -o jsonpath="{.items[*].metadata.name}" -l app=` + name +
			`,version=v1) -c ` + name + ` /bin/bash`
	}
	noPod := []string{"oc: command not found", "Error: want POD -- COMMAND .*; bin/lab get pods lists the pods\n"}
	return []step{
		{begins: inject("egresshttpbin") + "istio-toturial", fails: true,
			says: []string{injected, "You must pass '--namespace=istio-tutorial' to perform this operation\n"},
			then: []step{{begins: strings.NewReplacer("kubectl", "bin/lab", "istioctl", "bin/lab").Replace(
				inject("egresshttpbin")) + "istio-tutorial", says: []string{"deployment.apps/egresshttpbin created\n"}}}},
		service("egresshttpbin"),
		{begins: inject("egressgithub") + "istio-tutorial", says: []string{"deployment.apps/egressgithub created\n"}},
		service("egressgithub"),
		{begins: "istioctl create -f istiofiles/egress_httpbin.yml"},
		{begins: "kubectl exec -it $(oc get pods", fails: true, says: noPod, then: []step{
			{begins: "bin/lab rollout status deployment/egresshttpbin deployment/egressgithub"},
			{begins: inside("egresshttpbin"), input: "curl localhost:8080\ncurl httpbin.org/user-agent\ncurl httpbin.org/headers\nexit\n",
				says: []string{`"user-agent": "curl/`, times(2, `"Host": \[?\s*"httpbin.org"`)}}}},
		{begins: "cat <<EOF | istioctl create -f -", says: []string{"Created config egress-rule/istio-tutorial/jimmysong-egress-rule at revision"}},
		{begins: "istioctl create -f istiofiles/egress_github.yml"},
		{begins: "kubectl exec -it $(oc get pods", fails: true, says: noPod, then: []step{
			{begins: inside("egressgithub"), input: "curl -sw '%{http_code}' http://jimmysong:443\ncurl http://jimmysong.io:443\n",
				says: []string{"(?s)^404.*GET / at jimmysong.io: the lab's stand-in answers"}}}},
		{begins: "istioctl delete egressrule httpbin-egress-rule jimmysong-egress-rule github-egress-rule", says: []string{
			"^Deleted config: egressrule httpbin-egress-rule\nDeleted config: egressrule jimmysong-egress-rule\nDeleted config: egressrule github-egress-rule\n$"}},
	}
}
