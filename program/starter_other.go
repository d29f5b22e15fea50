//go:build !linux

package program

import (
	"context"
	"os/exec"
)

// starter starts a launcher's programs. Limits, and the end of programs whose relay was killed, are Linux's alone.
type starter struct{}

func newStarter(Limits, *Account, *folders) *starter { return &starter{} }

// start runs a command in a group of its own.
func (s *starter) start(_ context.Context, cmd *exec.Cmd) error {
	cmd.SysProcAttr = ownGroup()
	return cmd.Start()
}

// ended is called when the program has been waited for and its group killed.
func (s *starter) ended(*exec.Cmd) {}

// close is called when all programs have ended.
func (s *starter) close() {}

// Inside carries out what the relay's own programs are told to do; elsewhere than on Linux there are none.
func Inside([]string) (code int, done bool) { return 0, false }
