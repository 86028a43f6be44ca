package supervise

import "strings"

// Command is the program as a line to paste into a shell, with its directory and environment.
func (c Config) Command() string {
	words := []string{"env", "-i"}
	for _, word := range append(append(append([]string{}, c.Env...), c.Path), c.Args...) {
		words = append(words, quote(word))
	}
	line := strings.Join(words, " ")
	if c.Dir == "" {
		return line
	}
	return "cd " + quote(c.Dir) + " && " + line
}

// quote makes one shell word of s.
func quote(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_"
	if s != "" && strings.Trim(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
