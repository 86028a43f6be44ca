package main

import "testing"

func TestVersions(t *testing.T) {
	t.Parallel()
	root := repository(t, map[string]string{
		"go.work":  "go 1.26.0\n\nuse (\n\t./a\n\t./b\n\t./c\n)\n",
		"a/go.mod": "module x/a\n\ngo 1.26\n\nrequire (\n\tx.org/one v1.0.0\n\tx.org/two v1.0.0 // indirect\n)\n",
		"b/go.mod": "module x/b\n\ngo 1.26\n\nrequire (\n\tx.org/one v1.0.0\n\tx.org/two v1.1.0\n)\n",
		"c/go.mod": "module x/c\n\ngo 1.25.0\n",
		"d/go.mod": "module x/d\n\ngo 1.26\n\nrequire x.org/one v9.0.0+incompatible\n", // not of the workspace
	})
	got, err := checkVersions(root)
	hold(t, got, err,
		"x.org/two: v1.0.0 in a; v1.1.0 in b: one version is wanted in all go.mod",
		"go: 1.25.0 in c; 1.26 in a, b: one version is wanted in all go.mod",
	)
}
