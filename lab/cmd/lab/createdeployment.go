package main

import (
	"encoding/json"
	"path"
	"strings"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"istio-tutorial/lab/objects"
)

func (a *app) createDeployment() *cobra.Command {
	c := &change{app: a, verb: objects.Create, dryRun: "none"}
	var image string
	var replicas, port int32
	cmd := &cobra.Command{
		Use:     "deployment NAME --image=IMAGE",
		Aliases: []string{"deploy"},
		Short:   "Create a Deployment of one image, which the manifests of deploy/ have",
		Example: `  bin/lab create deployment recommendation-v3 --image=istio-tutorial-recommendation:v2 --port=8080`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if image == "" {
				return misusef("--image is missing")
			}
			data, err := json.Marshal(deploymentOf(args[0], image, replicas, port))
			if err != nil {
				return err
			}
			return c.do(cmd, []objects.File{{Name: "deployment", Data: data}})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&image, "image", "", "the image; required")
	flags.Int32VarP(&replicas, "replicas", "r", 1, "number of pods")
	flags.Int32Var(&port, "port", 0, "a port that the program listens on")
	c.declareDryRun(cmd)
	return cmd
}

// deploymentOf is what kubectl makes of a name and an image.
func deploymentOf(name, image string, replicas, port int32) map[string]any {
	labels := map[string]string{"app": name}
	container, _, _ := strings.Cut(path.Base(image), ":")
	c := corev1.Container{Name: container, Image: image}
	if port > 0 {
		c.Ports = []corev1.ContainerPort{{ContainerPort: port}}
	}
	spec := appsv1.DeploymentSpec{
		Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{c}},
		},
	}
	return map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"name": name, "labels": labels}, "spec": spec,
	}
}
