package program

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Inside carries out what the relay's own programs are told to do by their arguments, and reports whether that was it. A
// binary that starts programs calls it before all else when it starts.
func Inside(args []string) (code int, done bool) {
	switch {
	case len(args) == 0 || os.Getenv("VOICERELAY_INSIDE") == "":
		return 0, false
	case args[0] == execVerb:
		fault := os.NewFile(faultFD, "fault")
		err := become(os.NewFile(orderFD, "order"))
		_, _ = io.WriteString(fault, err.Error()) // the reader may be gone
		return 1, true
	case args[0] == watchVerb && len(args) == 2:
		watch(os.Stdin, args[1])
		return 0, true
	}
	return 0, false
}

// become turns this process into the program that it is told of. It returns only where that fails.
func become(from io.Reader) error {
	runtime.LockOSThread() // rights are a thread's own, and those of the thread that calls exec stay
	told, err := io.ReadAll(io.LimitReader(from, maxOrder))
	if err != nil {
		return err
	}
	var o order
	if err := json.Unmarshal(told, &o); err != nil {
		return errors.New("its relay is gone") // before it had told everything
	}
	if err := closeOnExec(); err != nil {
		return fmt.Errorf("close descriptors: %w", err)
	}
	if err := giveUpRights(); err != nil {
		return fmt.Errorf("give up rights: %w", err)
	}
	unix.Umask(0o077)
	if err := o.Limits.apply(); err != nil {
		return err
	}
	return fmt.Errorf("exec: %w", syscall.Exec(o.Path, o.Args, o.Env))
}

// closeOnExec keeps all descriptors from the program but its standard ones: what the relay was started with is not the
// program's either.
func closeOnExec() error {
	err := unix.CloseRange(orderFD, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
	if err == nil {
		return nil
	}
	open, err := os.ReadDir("/proc/self/fd") // Linux before 5.11
	if err != nil {
		return err
	}
	for _, e := range open {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd >= orderFD {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

// giveUpRights drops all capabilities for good: the program gets none by its user, root included, nor by any file that it
// starts. Without them it can't read the memory or the environment of a relay that is not dumpable.
func giveUpRights() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return err
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData // of 32 capabilities each
	return unix.Capset(&header, &none[0])
}

// apply bounds this process, and whatever it becomes. The address space is last, since this process maps more than a program
// may be allowed.
func (l Limits) apply() error {
	seconds := uint64((l.CPUTime + time.Second - 1) / time.Second)
	for _, bound := range []struct {
		name     string
		resource int
		value    uint64
		none     bool
	}{
		{"core", unix.RLIMIT_CORE, 0, false},
		{"cpu_time", unix.RLIMIT_CPU, seconds, false},
		{"file_bytes", unix.RLIMIT_FSIZE, uint64(l.FileBytes), false},
		{"open_files", unix.RLIMIT_NOFILE, uint64(l.OpenFiles), false},
		{"processes", unix.RLIMIT_NPROC, uint64(l.Processes), l.Processes == 0},
		{"address_space_bytes", unix.RLIMIT_AS, uint64(l.AddressSpace), l.AddressSpace == 0},
	} {
		if bound.none {
			continue
		}
		if err := lower(bound.resource, bound.value); err != nil {
			return fmt.Errorf("limits.%s: %w", bound.name, err)
		}
	}
	return nil
}

// lower sets a limit that can't be raised again. One that is lower already stays.
func lower(resource int, value uint64) error {
	var is unix.Rlimit
	if err := unix.Getrlimit(resource, &is); err != nil {
		return err
	}
	value = min(value, is.Max)
	return unix.Setrlimit(resource, &unix.Rlimit{Cur: value, Max: value})
}
