package tests

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"voicerelay/tests/process"
)

// pythonAgents are agents with the client in Python, all in one process.
type pythonAgents struct {
	t      *testing.T
	stdin  io.Closer
	cmd    *exec.Cmd
	errout bytes.Buffer

	read  chan struct{} // closed when all lines have been read
	turns []dayTurn     // owned by the reader of lines until then
}

// startPython starts n agents, or skips the test where there is no Python with the library that they need.
func (d *day) startPython(n int) *pythonAgents {
	d.t.Helper()
	dir := d.t.TempDir()
	texts, err := json.Marshal(dayTexts)
	if err != nil {
		d.t.Fatal(err)
	}
	client, err := filepath.Abs("../clients/python")
	if err != nil {
		d.t.Fatal(err)
	}
	a := &pythonAgents{t: d.t, read: make(chan struct{})}
	a.cmd = exec.Command(python(d.t), "testdata/day_agents.py", "http://"+d.front, strconv.Itoa(n),
		proofKey("acme"), proofKey("poor"), string(texts), dir)
	a.cmd.Env = append(os.Environ(), "PYTHONPATH="+client)
	a.cmd.Stderr = &a.errout
	stdout, err := a.cmd.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if a.stdin, err = a.cmd.StdinPipe(); err != nil {
		d.t.Fatal(err)
	}
	if err := a.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	go a.listen(bufio.NewScanner(stdout)) // ends with the process; stop waits for it
	d.t.Cleanup(func() {
		_ = a.cmd.Process.Kill() // it may have ended by itself
		<-a.read
	})
	return a
}

// python is a Python that has the library that the agents need.
func python(t *testing.T) string {
	t.Helper()
	program, err := process.Python()
	if err != nil {
		t.Skip(err)
	}
	return program
}

func (a *pythonAgents) listen(lines *bufio.Scanner) {
	defer close(a.read)
	for lines.Scan() {
		var turn dayTurn
		if err := json.Unmarshal(lines.Bytes(), &turn); err != nil {
			a.t.Errorf("an agent in Python says %s: %v", lines.Bytes(), err)
			continue
		}
		a.turns = append(a.turns, turn)
	}
}

// stop lets the agents end their turns, and returns all that they told of.
func (a *pythonAgents) stop() []dayTurn {
	a.t.Helper()
	_ = a.stdin.Close() // that is the sign
	select {
	case <-a.read:
	case <-time.After(deadline):
		a.t.Fatalf("the agents in Python do not end:\n%s", a.errout.String())
	}
	if err := a.cmd.Wait(); err != nil {
		a.t.Errorf("the agents in Python: %v\n%s", err, a.errout.String())
	}
	return a.turns
}

// sound is the turn's samples.
func (turn dayTurn) sound(t *testing.T) []byte {
	t.Helper()
	if turn.File == "" {
		return turn.pcm
	}
	data, err := os.ReadFile(turn.File)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
