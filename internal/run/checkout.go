package run

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"tracetest/internal/record"
	"tracetest/internal/redact"
)

// checkout finds the checkout that a folder is in, and where the CI shows its
// files. It runs no git: there may be none, and git refuses to speak about a
// checkout that belongs to another user, as in a container.
//
// A submodule, or a second repository that was checked out beside the first,
// gets no URL: the variables of the CI speak of the repository that it was
// started for.
func checkout(dir string, getenv func(string) string) *record.Source {
	workspace, url, commit := hosted(getenv)
	s := &record.Source{}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			s.Root = at
			break
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	if s.Root == "" && workspace != "" { // a checkout without git's files
		s.Root = above(dir, workspace)
	}
	if s.Root == "" {
		return nil
	}
	if head := detached(s.Root); head != "" {
		commit = head // of a checkout of another commit than that which started the CI
	}
	if url != "" && commit != "" && workspace != "" && realPath(s.Root) == realPath(workspace) {
		s.URL = redact.URL(url + commit + "/")
	}
	return s
}

// hosted is what the CI says of its checkout: the folder, the page of a file up
// to the commit, and the commit.
func hosted(getenv func(string) string) (workspace, url, commit string) {
	switch {
	case getenv("GITHUB_ACTIONS") == "true":
		workspace, commit = getenv("GITHUB_WORKSPACE"), getenv("GITHUB_SHA")
		if server, repository := getenv("GITHUB_SERVER_URL"), getenv("GITHUB_REPOSITORY"); server != "" && repository != "" {
			url = strings.TrimSuffix(server, "/") + "/" + repository + "/blob/"
		}
	case getenv("GITLAB_CI") != "":
		workspace, commit = getenv("CI_PROJECT_DIR"), getenv("CI_COMMIT_SHA")
		if project := getenv("CI_PROJECT_URL"); project != "" {
			url = strings.TrimSuffix(project, "/") + "/-/blob/"
		}
	}
	return workspace, url, commit
}

// above returns the folder above dir, or dir, that is this other one.
func above(dir, other string) string {
	other = realPath(other)
	for at := dir; ; at = filepath.Dir(at) {
		if realPath(at) == other {
			return at
		}
		if at == filepath.Dir(at) {
			return ""
		}
	}
}

var commitHash = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// detached returns the commit that a checkout is at, if it is on no branch, as
// those of a CI are.
func detached(root string) string {
	text, err := os.ReadFile(filepath.Join(root, ".git", "HEAD"))
	if head := strings.TrimSpace(string(text)); err == nil && commitHash.MatchString(head) {
		return head
	}
	return ""
}
