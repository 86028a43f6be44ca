package pods

import (
	"fmt"
	"strings"

	"istio-tutorial/lab/mesh"
)

// Command is a program as a pod runs it.
type Command struct {
	Path string
	Args []string // without the program's name
	Env  []string // the complete environment, KEY=VALUE
}

// Command is how a pod would run a command of words, none of which a shell sees. The image's own
// program is known by its name; other programs are those of this machine.
func (m *Manager) Command(name mesh.Name, words []string) (Command, error) {
	m.mu.Lock()
	p := m.find(name)
	running := p != nil && p.status.PID != 0
	var own []mesh.EnvVar
	if running {
		own = p.variables
	}
	m.mu.Unlock()
	switch {
	case p == nil:
		return Command{}, fmt.Errorf("pod %s: %w", name, ErrNotFound)
	case !running:
		return Command{}, fmt.Errorf("pod %s: its program does not run", name)
	}
	return p.command(words, nil, own)
}

// entrypoint is what the container runs: the image's program and no other, as the image has no
// other. A file from elsewhere must not run programs of this machine.
func (p *pod) entrypoint(words, args []string, own []mesh.EnvVar) (Command, error) {
	img, err := findImage(p.deployment.Container.Image)
	if err == nil && len(words) > 0 && strings.TrimPrefix(words[0], "/") != img.program {
		return Command{}, fmt.Errorf("command %q: the image has one program, /%s", words[0], img.program)
	}
	return p.command(words, args, own)
}

// command is the image's own program where words are empty; own are the manifest's variables.
func (p *pod) command(words, args []string, own []mesh.EnvVar) (Command, error) {
	img, err := findImage(p.deployment.Container.Image)
	if err != nil {
		return Command{}, err
	}
	if len(words) == 0 {
		words = []string{img.program}
	}
	path, err := p.manager.executable(img, words[0])
	if err != nil {
		return Command{}, err
	}
	args = append(append([]string{}, words[1:]...), args...)
	return Command{Path: path, Args: args, Env: p.environment(img, own)}, nil
}
