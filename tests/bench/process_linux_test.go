package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestBusyIn(t *testing.T) {
	tests := []struct {
		name, stat string
		want       time.Duration
		ok         bool
	}{
		{"idle and iowait left out", "cpu  1 2 4 1000 2000 8 16 32 5 6\ncpu0 1 1 1 1 1 1 1 1\n", 630 * time.Millisecond, true},
		{"too short", "cpu 1 2 3\n", 0, false},
		{"another line", "intr 1 2 3 4 5 6 7 8 9\n", 0, false},
		{"no number", "cpu 1 2 3 4 5 6 7 x\n", 0, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got, err := busyIn(test.stat); got != test.want || (err == nil) != test.ok {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
		})
	}
}

func TestResidentIn(t *testing.T) {
	if got, err := residentIn("Name:\trelay\nVmHWM:\t  9000 kB\nVmRSS:\t    1234 kB\n"); err != nil || got != 1234<<10 {
		t.Errorf("got %d, %v", got, err)
	}
	if got, err := residentIn("Name:\trelay\n"); err == nil {
		t.Errorf("got %d from a status without VmRSS", got)
	}
}

// The clock of a process must be what getrusage says of it.
func TestCPUTimeIsUserAndSystem(t *testing.T) {
	read := func() (clock, usage time.Duration) {
		clock, err := cpuTime(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		var u unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return clock, time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	clock, usage := read()
	for now := clock; now-clock < 50*time.Millisecond; now, _ = read() {
		newAudioFrame("some work")
	}
	clock2, usage2 := read()
	if got, want := clock2-clock, usage2-usage; got < want-20*time.Millisecond || got > want+20*time.Millisecond {
		t.Errorf("the clock went on by %v, the usage by %v", got, want)
	}
}

func TestMachineIsAtWork(t *testing.T) {
	if busy, err := machineBusy(); err != nil || busy <= 0 {
		t.Errorf("got %v, %v", busy, err)
	}
	if bytes, err := residentBytes(os.Getpid()); err != nil || bytes < 1<<20 {
		t.Errorf("got %d, %v", bytes, err)
	}
}

func TestChildKeepsToItsCoresAndEnds(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh")
	}
	cores := allowedCores()[:1]
	c, err := startChild(inNewFolder(t, sh, "-c", `echo on the log >&2; echo ready; exec sleep 60`), cores)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.waitLine(t.Context(), "ready"); err != nil {
		t.Error(err)
	}
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(c.pid, &set); err != nil || set.Count() != 1 || !set.IsSet(cores[0]) {
		t.Errorf("it may use %d cores, %v", set.Count(), err)
	}
	if got := c.tail(); got != "on the log\n" {
		t.Errorf("its log is %q", got)
	}
	if err := c.stop(); err != nil {
		t.Error(err)
	}
	if err := c.stop(); err != nil {
		t.Errorf("stopped again: %v", err)
	}
}

func TestChildThatEndsAtItsStart(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh")
	}
	c, err := startChild(inNewFolder(t, sh, "-c", "echo no such key >&2; exit 1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.waitLine(t.Context(), "ready"); err == nil || !strings.Contains(err.Error(), "no such key") {
		t.Errorf("got %v, want what it logged", err)
	}
	if _, err := startChild(inNewFolder(t, "/nowhere/relay"), nil); err == nil {
		t.Error("started what is not there")
	}
}

func TestDivide(t *testing.T) {
	if got := divide([]int{3}); got.proxy != nil || got.harness != nil {
		t.Errorf("got %v of one core", got)
	}
	if got := divide([]int{0, 2, 3}); !slices.Equal(got.proxy, []int{3}) || !slices.Equal(got.harness, []int{0, 2}) {
		t.Errorf("got %v", got)
	}
}

func inNewFolder(t *testing.T, program string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = t.TempDir()
	return cmd
}
