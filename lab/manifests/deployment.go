package manifests

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
)

// Kubernetes' defaults of a Deployment.
const (
	defaultReplicas = 1
	defaultGrace    = 30 * time.Second
)

// MaxReplicas keeps a slip of the finger from filling the machine with processes.
const MaxReplicas = 100

// Deployment is a workload, and what the mesh need not know of it.
type Deployment struct {
	mesh.Workload
	Grace time.Duration // from SIGTERM to SIGKILL
	Hash  string        // of the pod template; a pod's name has it

	source  appsv1.Deployment
	changed bool // the document no longer says it all
}

// Scale is the object with another number of replicas.
func (o Object) Scale(replicas int) (Object, error) {
	return o.change(func(d *appsv1.Deployment) {
		count := int32(max(-1, min(replicas, MaxReplicas+1))) // in range, or as wrong
		d.Spec.Replicas = &count
	})
}

// SetEnv is the object with some variables set and others unset. Its pods are new ones, unless
// nothing changes.
func (o Object) SetEnv(set map[string]string, unset ...string) (Object, error) {
	return o.change(func(d *appsv1.Deployment) {
		c := &d.Spec.Template.Spec.Containers[0]
		c.Env = slices.DeleteFunc(c.Env, func(e corev1.EnvVar) bool {
			return slices.Contains(unset, e.Name)
		})
		for _, name := range slices.Sorted(maps.Keys(set)) {
			v := corev1.EnvVar{Name: name, Value: set[name]}
			i := slices.IndexFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == name })
			if i >= 0 {
				c.Env[i] = v
			} else {
				c.Env = append(c.Env, v)
			}
		}
	})
}

// restartedAt is where kubectl notes it.
const restartedAt = "kubectl.kubernetes.io/restartedAt"

// Restart is the object with new pods that are like the old ones.
func (o Object) Restart(now time.Time) (Object, error) {
	return o.change(func(d *appsv1.Deployment) {
		template := &d.Spec.Template.ObjectMeta
		metav1.SetMetaDataAnnotation(template, restartedAt, now.Format(time.RFC3339Nano))
	})
}

// change edits a copy of the Deployment and holds it to the same rules as a manifest.
func (o Object) change(edit func(*appsv1.Deployment)) (Object, error) {
	r := reader{Object: o}
	if o.Deployment == nil {
		return Object{}, r.Errorf("kind", "%s is no Deployment", o.Kind)
	}
	d := o.Deployment.source.DeepCopy()
	edit(d)
	r.deploy(*d)
	r.Deployment.changed = true
	return r.result()
}

// YAML is the document, or what Scale, SetEnv and Restart have made of it.
func (o Object) YAML() ([]byte, error) {
	if o.Deployment == nil || !o.Deployment.changed {
		return o.Document.YAML()
	}
	live, err := o.Deployment.live()
	if err != nil {
		return nil, err
	}
	return document.Marshal(live)
}

// JSON is the same as JSON, with the keys sorted.
func (o Object) JSON() ([]byte, error) {
	if o.Deployment == nil || !o.Deployment.changed {
		return o.Document.JSON()
	}
	live, err := o.Deployment.live()
	if err != nil {
		return nil, err
	}
	return json.Marshal(live)
}

// live is the Deployment as it is now, without what only a cluster knows.
func (d *Deployment) live() (map[string]any, error) {
	data, err := json.Marshal(d.source)
	if err != nil {
		return nil, err
	}
	var live map[string]any
	err = json.Unmarshal(data, &live)
	delete(live, "status")
	return live, err
}

func (r *reader) deployment() {
	var d appsv1.Deployment
	if r.decode(&d) {
		r.deploy(d)
	}
}

func (r *reader) deploy(d appsv1.Deployment) {
	r.only("spec", d.Spec, "replicas", "selector", "template", "strategy", "revisionHistoryLimit",
		"progressDeadlineSeconds", "minReadySeconds")
	r.oneOf("spec.strategy.type", d.Spec.Strategy.Type, "RollingUpdate")
	if d.Spec.MinReadySeconds > 0 {
		r.note("spec.minReadySeconds", "no effect in the lab: a pod counts as soon as it is ready")
	}
	r.labels("metadata.labels", d.Labels)
	replicas := int32(defaultReplicas)
	if d.Spec.Replicas != nil {
		replicas = *d.Spec.Replicas
		r.between("spec.replicas", int64(replicas), 0, MaxReplicas)
	}
	r.selector(d.Spec.Selector, d.Spec.Template.Labels)
	hash, err := templateHash(d.Spec.Template)
	if err != nil {
		r.fail("spec.template", "%w", err)
	}
	r.Deployment = &Deployment{
		Workload: mesh.Workload{
			Name:           r.name(),
			Labels:         d.Spec.Template.Labels,
			ServiceAccount: serviceAccount(d.Spec.Template.Spec),
			WithoutSidecar: withoutSidecar(d.Spec.Template.ObjectMeta),
			Replicas:       int(replicas),
		},
		Grace:  defaultGrace,
		Hash:   hash,
		source: d,
	}
	r.annotated = d.Annotations
	r.pod(d.Spec.Template.Spec)
}

// injectMark is the label, and once the annotation, of a pod that says whether it has a sidecar: the
// label counts first.
const injectMark = "sidecar.istio.io/inject"

func withoutSidecar(template metav1.ObjectMeta) bool {
	return cmp.Or(template.Labels[injectMark], template.Annotations[injectMark]) == "false"
}

func serviceAccount(pod corev1.PodSpec) string {
	return cmp.Or(pod.ServiceAccountName, pod.DeprecatedServiceAccount, "default")
}

func (r *reader) selector(selector *metav1.LabelSelector, template map[string]string) {
	if selector == nil {
		r.fail("spec.selector", "missing")
		return
	}
	r.labels("spec.template.metadata.labels", template)
	s, err := metav1.LabelSelectorAsSelector(selector)
	switch {
	case err != nil:
		r.fail("spec.selector", "%w", err)
	case s.Empty():
		r.fail("spec.selector", "selects every pod")
	case !s.Matches(labels.Set(template)):
		r.fail("spec.selector", "does not select the labels of the template")
	}
}

func (r *reader) pod(pod corev1.PodSpec) {
	const path = "spec.template.spec"
	r.only(path, pod,
		"containers", "initContainers", "serviceAccountName", "serviceAccount", "terminationGracePeriodSeconds",
		"automountServiceAccountToken", "securityContext", "volumes", "restartPolicy",
		// Where a pod runs, which network it is in and how it is admitted is a cluster's matter.
		"affinity", "nodeSelector", "tolerations", "topologySpreadConstraints", "schedulerName",
		"priority", "priorityClassName", "preemptionPolicy", "runtimeClassName", "os",
		"imagePullSecrets", "dnsPolicy", "dnsConfig", "enableServiceLinks", "shareProcessNamespace",
		"overhead", "hostUsers")
	if len(pod.InitContainers) > 0 {
		r.limit(path+".initContainers", "the lab runs one container a pod, from the tutorial's images")
	}
	if p := pod.RestartPolicy; p != "" && p != corev1.RestartPolicyAlways {
		r.fail(path+".restartPolicy", "%q: a Deployment has Always only", p)
	}
	r.volumes(path+".volumes", pod.Volumes)
	if seconds := pod.TerminationGracePeriodSeconds; seconds != nil {
		r.between(path+".terminationGracePeriodSeconds", *seconds, 0, 3600)
		r.Deployment.Grace = time.Duration(*seconds) * time.Second
	}
	switch len(pod.Containers) {
	case 0:
		r.fail(path+".containers", "missing")
	case 1:
		r.container(path+".containers[0]", pod.Containers[0])
	default:
		r.limit(path+".containers[1]",
			"the lab runs one container a pod; the sidecar comes by itself, without kube-inject")
	}
}

// volumes lets an emptyDir pass: the programs share the machine's file system.
func (r *reader) volumes(path string, volumes []corev1.Volume) {
	for i, v := range volumes {
		r.only(at(path, i), v, "name", "emptyDir")
	}
}
