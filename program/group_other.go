//go:build !unix

package program

import (
	"os/exec"
	"syscall"
)

// ownGroup asks for nothing where there are no process groups.
func ownGroup() *syscall.SysProcAttr { return nil }

// killGroup ends the program alone.
func killGroup(cmd *exec.Cmd) {
	_ = cmd.Process.Kill() // fails where it has ended
}
