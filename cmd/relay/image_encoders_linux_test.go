package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// encoderStage is what the Dockerfile has of the stage that gathers the encoders: the packages that it installs, and the commands
// that copy their programs with all that these are linked with.
func encoderStage(t *testing.T) (packages []string, copying string) {
	t.Helper()
	stage := regexp.MustCompile(`(?m)^RUN apt-get update && apt-get install -y --no-install-recommends ([a-z ]+?) +&& mkdir /programs && (.+)$`)
	found := stage.FindStringSubmatch(dockerfile(t))
	if found == nil {
		t.Fatal("the Dockerfile has no such stage")
	}
	return strings.Fields(found[1]), found[2]
}

// No container runtime is needed for this: the distribution has the packages that the image of encoders installs.
func TestTheDistributionHasTheEncoders(t *testing.T) {
	if _, err := exec.LookPath("apt-cache"); err != nil {
		t.Skip("apt-cache is not installed")
	}
	packages, _ := encoderStage(t)
	out, err := exec.CommandContext(t.Context(), "apt-cache", append([]string{"policy"}, packages...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("apt-cache: %v\n%s", err, out)
	}
	if len(out) == 0 {
		t.Skip("apt knows no packages: apt-get update has not been run")
	}
	if found := strings.Count(string(out), "Candidate: ") - strings.Count(string(out), "Candidate: (none)"); found != len(packages) {
		t.Errorf("there are %d of %v:\n%s", found, packages, out)
	}
}

// What the Dockerfile copies is all that the programs need: they run where there is nothing else.
func TestTheEncodersRunByWhatTheImageCopies(t *testing.T) {
	_, copying := encoderStage(t)
	for _, program := range []string{"/usr/bin/lame", "/usr/bin/ffmpeg"} {
		if _, err := os.Stat(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("only root may change its root")
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "sh", "-ec", strings.ReplaceAll(copying, "/programs", dir)).CombinedOutput(); err != nil {
		t.Fatalf("copy: %v\n%s", err, out)
	}
	for _, command := range [][]string{
		{"/usr/bin/lame", "--quiet", "-r", "-s", "24", "-m", "m", "-", "-"},
		{"/usr/bin/ffmpeg", "-v", "error", "-f", "s16le", "-ar", "24000", "-ac", "1", "-i", "pipe:0", "-c:a", "libopus", "-f", "ogg", "pipe:1"},
	} {
		encode := exec.CommandContext(t.Context(), "chroot", append([]string{dir}, command...)...)
		encode.Stdin = strings.NewReader(strings.Repeat("\x00\x10\x00\xf0", 24000)) // two seconds of a tone
		out, err := encode.Output()
		if err != nil || len(out) < 1000 {
			t.Errorf("%s made %d bytes: %v", filepath.Base(command[0]), len(out), err)
		}
	}
}
