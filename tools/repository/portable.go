package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// unportable are forms of scripts and recipes that macOS has not: its bash is 3.2, its tools are BSD's,
// and its make is 3.81.
func unportable() map[string]*regexp.Regexp {
	command := func(names string) *regexp.Regexp {
		return regexp.MustCompile(`(^|[|;&({!@]|\b(?:then|do|else|if|while|until|exec|xargs|command -v))\s*(` + names + `)(\s|$|\))`)
	}
	return map[string]*regexp.Regexp{
		"an array of lines, of bash 4":              command(`mapfile|readarray`),
		"an associative array, of bash 4":           regexp.MustCompile(`\b(declare|local|typeset) -[a-zA-Z]*A`),
		"a change of case, of bash 4":               regexp.MustCompile(`\$\{[A-Za-z0-9_@*]+(,|\^)`),
		"a form of bash 4":                          regexp.MustCompile(`\bwait -n\b|\|&|&>>|;;&|\bcoproc\b|\$\{[A-Za-z0-9_]+@`),
		"sed -i or -r, which BSD's takes otherwise": regexp.MustCompile(`\bsed (-[a-zA-Z]+ )*-[a-zA-Z]*[ir]\b`),
		"an escape that BSD's sed and grep lack":    regexp.MustCompile(`\b(sed|grep)\b[^|]*\\[t+?|wsS]`),
		"a long option, which BSD's tools lack":     regexp.MustCompile(`\b(sed|grep|ls|cp|mv|rm|head|tail|cut|sort|tr|wc|mktemp|touch|stat|date|readlink|xargs|find|base64) (-[^-\s]+ )*--[a-z]`),
		"grep -P":                                   regexp.MustCompile(`\bgrep (-\S+ )*-[a-zA-Z]*P`),
		"stat -c":                                   regexp.MustCompile(`\bstat (-\S+ )*-[a-zA-Z]*c`),
		"readlink -f":                               regexp.MustCompile(`\breadlink (-\S+ )*-[a-zA-Z]*[fem]\b`),
		"date -d, or of nanoseconds":                regexp.MustCompile(`\bdate (-\S+ )*(-[a-zA-Z]*d\b|\S*%N)`),
		"find -printf":                              regexp.MustCompile(`\bfind\b.* -printf\b`),
		"xargs -r or -d":                            regexp.MustCompile(`\bxargs (-\S+ )*-[a-zA-Z]*[rd]\b`),
		"head -n of a negative count":               regexp.MustCompile(`\bhead (-n ?|-)-[0-9]`),
		"base64 -w":                                 regexp.MustCompile(`\bbase64 (-\S+ )*-w`),
		"a tool that macOS has not":                 command(`ss|ip|setsid|tac|nproc|timeout|flock|sha256sum|md5sum|realpath|fuser|free|pidof|gsed|numfmt`),
	}
}

// checkPortable finds forms in the scripts of bin/ and in the Makefile that macOS has not.
func checkPortable(root string) ([]string, error) {
	list, err := output(root, "git", "ls-files", "-z", "bin", "Makefile")
	if err != nil {
		return nil, err
	}
	forms := unportable()
	var findings []string
	for name := range strings.SplitSeq(strings.TrimSuffix(list, "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil || !strings.HasPrefix(string(text), "#!") && name != "Makefile" {
			continue // deleted, or no script
		}
		for i, line := range strings.Split(string(text), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue
			}
			for what, form := range forms {
				if form.MatchString(line) {
					findings = append(findings, fmt.Sprintf("%s:%d: %s", name, i+1, what))
				}
			}
		}
	}
	slices.Sort(findings)
	return findings, nil
}
