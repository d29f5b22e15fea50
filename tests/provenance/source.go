package main

import (
	"fmt"
	"os/exec"
	"strings"
)

// source is the repository that a build is made from.
type source struct {
	commit   string
	modified bool // there are changes that no commit has
}

// readSource asks git.
func readSource() (source, error) {
	commit, err := exec.Command("git", "rev-parse", "HEAD").Output()
	if err != nil {
		return source{}, fmt.Errorf("git rev-parse: %w", err)
	}
	changes, err := exec.Command("git", "status", "--porcelain").Output()
	if err != nil {
		return source{}, fmt.Errorf("git status: %w", err)
	}
	return source{commit: strings.TrimSpace(string(commit)), modified: len(changes) > 0}, nil
}
