package program

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// needed are the rights that it takes to run a program as another user: to become that user, to give it a folder, to stop it,
// and to take away what it left.
var needed = []struct {
	bit  int
	name string
}{
	{unix.CAP_SETUID, "CAP_SETUID"},
	{unix.CAP_SETGID, "CAP_SETGID"},
	{unix.CAP_CHOWN, "CAP_CHOWN"},
	{unix.CAP_KILL, "CAP_KILL"},
	{unix.CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE"},
}

// mayBecomeOthers reports which rights this process lacks.
func mayBecomeOthers() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData // of 32 capabilities each
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return fmt.Errorf("its rights are not known: %w", err)
	}
	var lacking []string
	for _, right := range needed {
		if sets[right.bit/32].Effective&(1<<(right.bit%32)) == 0 {
			lacking = append(lacking, right.name)
		}
	}
	if len(lacking) > 0 {
		return errors.New("it needs to be root, or to have " + strings.Join(lacking, ", "))
	}
	return nil
}
