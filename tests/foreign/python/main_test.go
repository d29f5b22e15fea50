// Package python_test lets Python programs, over a WebSocket library that is not ours, speak to the emulators and to
// a relay: the vendors' own samples, written anew, and the clients that the README shows. What both sides of this
// project might misread alike, of WebSocket or of a vendor, they would not.
//
//  1. A sample does what its vendor's does, in that order, and waits for nothing that the vendor's doesn't wait for.
//  2. What it has heard is listened to in the file that it leaves.
//  3. Plugins for agents, and vendors' SDKs, are installed as they are published, in pinned versions (agents.in). One process plays
//     all stories of a vendor, since they take longer to load than to speak.
//  4. The clients of the README are taken out of it as they stand; only the relay's address is another.
package python_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"voicerelay/tests/process"

	"go.uber.org/goleak"
)

// programTime bounds every program that is started; the suite shares two cores with everything else.
const programTime = time.Minute

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(environments.folder) // it is among temporary files
		os.Exit(code)
	}))
}

// needPython is a Python whose programs can use the library. The test is skipped where there is none, and none can be made.
func needPython(t *testing.T) string {
	t.Helper()
	path, err := process.Python()
	if err != nil {
		return withPackages(t, "python3", "websockets")
	}
	return path
}

// noticed is a line of a sample's.
type noticed struct {
	Message map[string]any `json:"message"`
	Status  int            `json:"status"` // of HTTP, that refused the connection
	Closed  int            `json:"closed"` // the close code that a sample did not expect
}

// play runs a sample in a folder of its own, and returns that and what the sample noticed.
func play(t *testing.T, sample string, args ...string) (dir string, all []noticed) {
	t.Helper()
	path, err := filepath.Abs(sample)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	return dir, lines(t, execute(t, dir, needPython(t), append([]string{path}, args...)...))
}

// lines is what a program has told, a line each.
func lines(t *testing.T, out []byte) (all []noticed) {
	t.Helper()
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var n noticed
		if err := json.Unmarshal(lines.Bytes(), &n); err != nil {
			t.Fatalf("%.200s: %v", lines.Text(), err)
		}
		all = append(all, n)
	}
	return all
}

// execute runs a program to its end and returns its output. It must succeed.
func execute(t *testing.T, dir, program string, args ...string) []byte {
	t.Helper()
	return run(t, dir, withoutBytecode(), append([]string{program}, args...)...)
}

// attempt runs a program to its end, however that is, but in time.
func attempt(t *testing.T, dir, program string, args ...string) (stdout, stderr []byte, err error) {
	t.Helper()
	return attemptIn(t, dir, withoutBytecode(), append([]string{program}, args...)...)
}

// withoutBytecode has nothing left behind beside the samples.
func withoutBytecode() []string { return []string{"PYTHONDONTWRITEBYTECODE=1"} }

// run runs a program with more of an environment, to its end, and returns its output. It must succeed.
func run(t *testing.T, dir string, environment []string, command ...string) []byte {
	t.Helper()
	out, stderr, err := attemptIn(t, dir, environment, command...)
	if err != nil {
		t.Fatalf("%v: %v\n%.2000s\n%s", command, err, out, stderr)
	}
	return out
}

func attemptIn(t *testing.T, dir string, environment []string, program ...string) (stdout, stderr []byte, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), programTime)
	defer cancel()
	command := exec.CommandContext(ctx, program[0], program[1:]...)
	var out, errout bytes.Buffer
	command.Dir, command.Stdout, command.Stderr = dir, &out, &errout
	// Nothing of the machine's, where there may be a proxy.
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, environment...)
	err = command.Run()
	if ctx.Err() != nil {
		t.Fatalf("%v did not end\n%.2000s\n%s", program, out.String(), errout.String())
	}
	return out.Bytes(), errout.Bytes(), err
}
