package tests

import (
	"net/http"
	"time"

	"golang.org/x/sys/unix"
)

// fillDisk has a relay's files grow no further for a while, as on a full disk, and waits until it serves again.
func (d *day) fillDisk(r *relay, while time.Duration) {
	d.t.Helper()
	var before unix.Rlimit
	full := unix.Rlimit{Cur: 4096, Max: unix.RLIM_INFINITY}
	if err := unix.Prlimit(r.Cmd.Process.Pid, unix.RLIMIT_FSIZE, &full, &before); err != nil {
		d.t.Fatal(err)
	}
	eventually(d.t, "the relay to notice that its disk is full", func() bool { return !d.ready(r) })
	d.during(while, func() {})
	if err := unix.Prlimit(r.Cmd.Process.Pid, unix.RLIMIT_FSIZE, &before, nil); err != nil {
		d.t.Fatal(err)
	}
	eventually(d.t, "the relay to be ready again", func() bool { return d.ready(r) })
}

func (d *day) ready(r *relay) bool { return r.get(d.t, "/readyz", nil).status == http.StatusOK }
