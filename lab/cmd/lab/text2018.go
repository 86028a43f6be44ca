package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"istio-tutorial/lab/document"
)

// textPaths are the files of the text of 2018 that have another path here, by the text's.
func textPaths() map[string]string {
	const java = "/src/main/kubernetes/"
	paths := map[string]string{
		"recommendation/kubernetes/Deployment-v2.yml": "deploy/recommendation/Deployment-v2.yml",
		"ingress/ingress.yaml":                        "deploy/ingress/ingress.yml",
	}
	for _, file := range []string{"Deployment.yml", "Service.yml"} {
		for _, service := range []string{"customer", "preference", "recommendation"} {
			paths[service+"/kubernetes/"+file] = "deploy/" + service + "/" + file
		}
		for _, service := range []string{"egresshttpbin", "egressgithub"} {
			paths["egress/"+service+java+file] = "deploy/egress/" + service + "/" + file
		}
	}
	return paths
}

// brought is what the text installs, and the lab brings along.
func brought() map[string]string {
	return map[string]string{
		"addon/istio": "the lab brings its mesh along: there is nothing to install",
		"yaml/istio-bookinfo/bookinfo.yaml": "the sample Bookinfo is not part of this tutorial; " +
			"the lab runs customer, preference and recommendation already",
	}
}

// fileAt is where a file is: at its path or, if it is one of the text's and nothing is there, at the
// path that it has here, which is said.
func (a *app) fileAt(path string) (string, error) {
	_, err := os.Stat(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	clean := filepath.ToSlash(filepath.Clean(path))
	for text, why := range brought() {
		if _, ok := before(clean, text); ok {
			return "", fmt.Errorf("%s: %s", path, why)
		}
	}
	for text, here := range textPaths() {
		folder, ok := before(clean, text)
		if !ok {
			continue
		}
		if found := a.findHere(folder, here); found != "" {
			a.tell(fmt.Sprintf("the text's %s is %s here", document.Printable(path), here))
			return found, nil
		}
	}
	return path, err
}

// findHere finds a file of the repository: in the folder in which the text's would be, or in the
// lab's home; "" if it is in neither.
func (a *app) findHere(folder, here string) string {
	places := []string{folder}
	if home, err := a.home(); err == nil {
		places = append(places, home)
	}
	for _, place := range places {
		found := filepath.Join(place, filepath.FromSlash(here))
		if _, err := os.Stat(found); err == nil {
			return found
		}
	}
	return ""
}

// before is the folder in front of the end of a path; false if the path ends otherwise.
func before(path, end string) (folder string, ok bool) {
	if path == end {
		return "", true
	}
	folder, ok = strings.CutSuffix(path, "/"+end)
	if ok && folder == "" {
		folder = "/"
	}
	return folder, ok
}
