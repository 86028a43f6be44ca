package pods

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// image is what the pods' program comes from.
type image struct {
	program string
	env     map[string]string
}

// imageError says that there is no such image.
type imageError struct{ error }

const repository = "istio-tutorial-"

// images are those that bin/images.sh builds, without tags.
func images() map[string]image {
	return map[string]image{
		"customer":       {program: "customer"},
		"preference":     {program: "preference"},
		"recommendation": {program: "recommendation"},
		"egresshttpbin": {program: "egress", env: map[string]string{
			"EGRESS_URL": "http://httpbin.org/headers",
		}},
		"egressgithub": {program: "egress", env: map[string]string{
			"EGRESS_URL": "http://api.github.com:443/users",
		}},
	}
}

// findImage finds an image by REGISTRY/istio-tutorial-NAME:TAG.
func findImage(reference string) (image, error) {
	name, _, _ := strings.Cut(reference, "@")
	name = name[strings.LastIndex(name, "/")+1:]
	name, tag, _ := strings.Cut(name, ":")
	short, ours := strings.CutPrefix(name, repository)
	found, known := images()[short]
	if !ours || !known {
		return image{}, &imageError{fmt.Errorf("image %q: the lab has %s only", reference, imageNames())}
	}
	env := map[string]string{
		"JAEGER_SERVICE_NAME": short, "JAEGER_SAMPLER_TYPE": "const", "JAEGER_SAMPLER_PARAM": "1",
	}
	if tag != "" {
		env["VERSION"] = tag
	}
	maps.Copy(env, found.env)
	return image{program: found.program, env: env}, nil
}

func imageNames() string {
	names := slices.Sorted(maps.Keys(images()))
	for i, name := range names {
		names[i] = repository + name
	}
	return strings.Join(names, ", ")
}

// executable finds the file of a command in a pod: the image's own program by its name or as
// /NAME, others on the machine's PATH or by their paths.
func (m *Manager) executable(img image, command string) (string, error) {
	if strings.TrimPrefix(command, "/") == img.program {
		path, err := filepath.Abs(filepath.Join(m.cfg.Programs, img.program))
		if err == nil && !isProgram(path) {
			err = &imageError{fmt.Errorf("%s: not there: it has not been built", path)}
		}
		return path, err
	}
	if strings.Contains(command, "/") {
		if !isProgram(command) {
			return "", fmt.Errorf("%q: no such program", command)
		}
		return filepath.Abs(command)
	}
	for _, dir := range filepath.SplitList(m.cfg.Getenv("PATH")) {
		if path := filepath.Join(dir, command); filepath.IsAbs(path) && isProgram(path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("%q: %w", command, errNoProgram)
}

var errNoProgram = errors.New("executable file not found in $PATH")

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
