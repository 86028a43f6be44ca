package control_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/control"
)

func TestFolderOf(t *testing.T) {
	t.Parallel()
	none := func(string) string { return "" }
	a, err := control.FolderOf("lab", none)
	if err != nil || !strings.HasSuffix(string(a), "/lab") {
		t.Errorf("%s, %v", a, err)
	}
	runtime := func(string) string { return "/run/user/1000" }
	if b, err := control.FolderOf("lab", runtime); err != nil || b != "/run/user/1000/istio-tutorial/lab" {
		t.Errorf("%s, %v", b, err)
	}
	long := func(string) string { return "/" + strings.Repeat("x", 90) }
	if _, err := control.FolderOf("lab", long); err == nil || !strings.Contains(err.Error(), "too long for sockets in it: set a shorter XDG_RUNTIME_DIR") {
		t.Errorf("error %v", err)
	}
	for _, name := range []string{"", "-a", "a-", "A", "a/b", "..", strings.Repeat("a", 21)} {
		if f, err := control.FolderOf(name, none); err == nil {
			t.Errorf("%q: %s", name, f)
		}
	}
}
