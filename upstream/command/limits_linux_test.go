package command

import (
	"encoding/json"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"voicerelay/audio"
	"voicerelay/program"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// bounded is what a program finds of its bounds.
type bounded struct {
	Limits map[string]uint64
	Status []string // lines of the kernel's own account of the process
	Open   []string // descriptors
	Umask  int
	Death  int32 // the signal that it gets when its parent dies
}

// resources are the limits that a program has.
var resources = map[string]int{
	"core": unix.RLIMIT_CORE, "cpu": unix.RLIMIT_CPU, "file": unix.RLIMIT_FSIZE, "open": unix.RLIMIT_NOFILE,
	"processes": unix.RLIMIT_NPROC, "space": unix.RLIMIT_AS,
}

// systemPrograms are programs that look at what this system alone has.
var systemPrograms = map[string]func(args []string) int{"bounds": reportBounds, "grow": grow, "map": mapSpace}

// reportBounds gives what bounds it in place of audio.
func reportBounds([]string) int {
	b := bounded{Limits: make(map[string]uint64), Umask: unix.Umask(0)}
	for name, resource := range resources {
		var l unix.Rlimit
		if err := unix.Getrlimit(resource, &l); err != nil {
			return 7
		}
		b.Limits[name] = l.Max
	}
	if err := unix.Prctl(unix.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&b.Death)), 0, 0, 0); err != nil {
		return 7
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 7
	}
	b.Status = strings.Split(string(status), "\n")
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 7
	}
	for _, e := range open {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil { // else it was for reading the list
			b.Open = append(b.Open, e.Name()+" "+target)
		}
	}
	told, err := json.Marshal(b)
	if err != nil {
		return 7
	}
	return write(append(told, strings.Repeat(" ", len(told)%2)...))
}

// grow writes a megabyte to a file.
func grow([]string) int {
	input()
	f, err := os.Create("big")
	if err != nil {
		return 7
	}
	for range 1024 {
		if _, err := f.Write(make([]byte, 1024)); err != nil {
			return 20
		}
	}
	return write(audio.WAVHeader(24000), upstreamtest.Speech("grown"))
}

// mapSpace maps 8 GiB, and uses none of them.
func mapSpace([]string) int {
	input()
	if _, err := unix.Mmap(-1, 0, 8<<30, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS); err != nil {
		return 21
	}
	return write(audio.WAVHeader(24000), upstreamtest.Speech("mapped"))
}

func boundsOf(t *testing.T, change func(*Config)) bounded {
	t.Helper()
	cfg := running(self("bounds")...)
	cfg.Output = Output{Encoding: audio.PCM16, SampleRate: 24000}
	change(&cfg)
	h := spoken(t, cfg, "Hello")
	var b bounded
	if err := json.Unmarshal(h.Audio, &b); err != nil {
		t.Fatalf("%v, %v", err, h.Err)
	}
	return b
}

func TestAProgramHasNoRightsAndNoDescriptors(t *testing.T) {
	leaked, err := unix.Open("/dev/null", unix.O_RDONLY, 0) // without close-on-exec, as a shell may leave one to the relay
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(leaked)
	b := boundsOf(t, func(*Config) {})
	for _, want := range []string{"NoNewPrivs:\t1", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000", "CapInh:\t0000000000000000", "CapAmb:\t0000000000000000"} {
		if !slices.Contains(b.Status, want) {
			t.Errorf("not found: %q in\n%s", want, strings.Join(b.Status, "\n"))
		}
	}
	for _, open := range b.Open {
		if fd, target, _ := strings.Cut(open, " "); fd > "2" && (target == "/dev/null" || strings.HasPrefix(target, "pipe:")) {
			t.Errorf("descriptor %s is open", open)
		}
	}
	if b.Umask != 0o077 || b.Death != int32(unix.SIGKILL) {
		t.Errorf("umask %o, and signal %d when the relay dies; want 77 and 9", b.Umask, b.Death)
	}
}

func TestLimitsHoldAProgram(t *testing.T) {
	set := program.Limits{AddressSpace: 6 << 30, CPUTime: 90 * time.Second, FileBytes: 12345, OpenFiles: 77, Processes: 4321}
	if raceEnabled {
		set.AddressSpace = 0
	}
	b := boundsOf(t, func(c *Config) { c.Limits = set })
	want := map[string]uint64{
		"core": 0, "cpu": 90, "file": 12345, "open": 77, "processes": 4321, "space": 6 << 30,
	}
	if raceEnabled {
		want["space"] = unix.RLIM_INFINITY
	}
	for name, limit := range want {
		if got := b.Limits[name]; got != limit {
			t.Errorf("%s: got %d, want %d", name, got, limit)
		}
	}
	b = boundsOf(t, func(c *Config) { c.Timeout = 10 * time.Second })
	if got, want := b.Limits["cpu"], uint64(10*runtime.NumCPU()); got != want {
		t.Errorf("by default %d s of computing, want the %d s of all processors within timeout", got, want)
	}
}

func TestAProgramWritesNoLargerFile(t *testing.T) {
	cfg := running(self("grow")...)
	if h := spoken(t, cfg, "Hello"); h.Err != nil {
		t.Fatalf("by default: %v", h.Err)
	}
	cfg.Limits.FileBytes = 100_000
	if h := spoken(t, cfg, "Hello"); h.Err == nil || upstream.KindOf(h.Err) != upstream.UpstreamError {
		t.Errorf("got %v, want upstream_error", h.Err)
	}
}

func TestAProgramMapsNoMore(t *testing.T) {
	if raceEnabled {
		t.Skip("with the race detector the program itself maps more")
	}
	cfg := running(self("map")...)
	if h := spoken(t, cfg, "Hello"); h.Err != nil {
		t.Fatalf("by default: %v", h.Err)
	}
	cfg.Limits.AddressSpace = 4 << 30
	if h := spoken(t, cfg, "Hello"); h.Err == nil || upstream.KindOf(h.Err) != upstream.UpstreamError {
		t.Errorf("got %v, want upstream_error", h.Err)
	}
}
