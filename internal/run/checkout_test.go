package run

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tracetest/internal/record"
)

func TestCheckout(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	folder := func(name string) string {
		dir := filepath.Join(temp, filepath.FromSlash(name))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	head := func(root, text string) {
		folder(root + "/.git")
		if err := os.WriteFile(filepath.Join(temp, root, ".git", "HEAD"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	commit, other := strings.Repeat("a1", 20), strings.Repeat("b2", 20)
	head("branch", "ref: refs/heads/main\n")
	head("detached", other+"\n")
	head("branch/vendored", other+"\n")
	github := func(workspace string) map[string]string {
		return map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": filepath.Join(temp, workspace), "GITHUB_SHA": commit,
			"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "o/r"}
	}
	for _, c := range []struct {
		name, dir string
		env       map[string]string
		root, url string
	}{
		{name: "no CI", dir: "branch/a/b", root: "branch"},
		{name: "GitHub", dir: "branch/a/b", env: github("branch"), root: "branch", url: "https://github.com/o/r/blob/" + commit + "/"},
		{name: "another commit was checked out", dir: "detached", env: github("detached"), root: "detached", url: "https://github.com/o/r/blob/" + other + "/"},
		{name: "another repository within", dir: "branch/vendored", env: github("branch"), root: "branch/vendored"},
		{name: "no git", dir: "plain/a", env: github("plain"), root: "plain", url: "https://github.com/o/r/blob/" + commit + "/"},
		{name: "elsewhere", dir: "plain/a", env: github("branch")},
		{name: "GitLab", dir: "branch", root: "branch", url: "https://gitlab.example/g/p/-/blob/" + commit + "/", env: map[string]string{
			"GITLAB_CI": "true", "CI_PROJECT_DIR": filepath.Join(temp, "branch"), "CI_PROJECT_URL": "https://gitlab.example/g/p", "CI_COMMIT_SHA": commit}},
		{name: "half told", dir: "branch", root: "branch", env: map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_SHA": commit}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := checkout(folder(c.dir), func(name string) string { return c.env[name] })
			if c.root == "" {
				if got != nil {
					t.Errorf("got %+v, want none", got)
				}
				return
			}
			if want := (record.Source{Root: filepath.Join(temp, filepath.FromSlash(c.root)), URL: c.url}); got == nil || *got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}
