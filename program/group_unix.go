//go:build unix

package program

import (
	"os/exec"
	"syscall"
)

// ownGroup makes a command's process the first of a group of its own, which whatever it starts belongs to.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends all processes of a command's group. It is called at once when the first of them has been waited for, at
// the latest: long before the system could give its number to another.
func killGroup(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // fails where the group has ended
}
