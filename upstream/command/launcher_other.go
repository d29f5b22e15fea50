//go:build !linux

package command

import (
	"context"
	"os/exec"
)

// launcher starts a provider's programs. Limits, and the end of programs whose relay was killed, are Linux's alone.
type launcher struct{}

func newLauncher(Config, *account, *folders) *launcher { return &launcher{} }

// start runs a command in a group of its own.
func (l *launcher) start(_ context.Context, cmd *exec.Cmd) error {
	cmd.SysProcAttr = ownGroup()
	return cmd.Start()
}

// ended is called when the program has been waited for and its group killed.
func (l *launcher) ended(*exec.Cmd) {}

// close is called when all programs have ended.
func (l *launcher) close() {}

// Inside carries out what the relay's own programs are told to do; elsewhere than on Linux there are none.
func Inside([]string) (code int, done bool) { return 0, false }
