package tests

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"golang.org/x/sys/unix"

	"voicerelay/upstream/emulator"
)

// refusing waits until a relay takes no clients since its ledger fails, and checks that those which it has are sent away.
func (r *relay) refusing(t *testing.T, c *client) {
	t.Helper()
	eventually(t, "/readyz to say that the ledger fails", func() bool {
		return r.get(t, "/readyz", nil).status == http.StatusServiceUnavailable
	})
	r.refusesUpgrade(t, dialing{}, http.StatusServiceUnavailable, "ledger_unavailable")
	if p := r.speak(t, j{"text": twelve}, nil).problem(t); p.Code != "ledger_unavailable" {
		t.Errorf("a text by HTTP: %s", p.Code)
	}
	c.await("draining", isDraining)
	c.closed(websocket.StatusGoingAway)
}

// makeRoom ends the limit of serveLimited.
func (r *relay) makeRoom(t *testing.T) {
	t.Helper()
	var limit unix.Rlimit
	if err := unix.Prlimit(r.Cmd.Process.Pid, unix.RLIMIT_FSIZE, nil, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = limit.Max
	if err := unix.Prlimit(r.Cmd.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		t.Fatal(err)
	}
}

// recovers waits until a relay takes clients again, and hears one.
func (r *relay) recovers(t *testing.T) {
	t.Helper()
	eventually(t, "/readyz to say that all is well", func() bool { return r.get(t, "/readyz", nil).status == http.StatusOK })
	c := r.dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	if done := c.completed("g"); !done.Usage.Recorded {
		t.Error("what was spoken afterwards is not recorded")
	}
}

// Where the disk is full nothing is accepted that could not be recorded, and the client is told.
func TestAFullDiskRefusesGenerations(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{}))
	r := serveLimited(t, cfg, 256<<10)
	c := r.dial(t)
	recorded, refused := 0, false
	for i := 0; i < 2000 && !refused; i++ {
		id := strconv.Itoa(i)
		mark := c.mark()
		c.send(j{"type": "generate", "generation_id": id, "text": ""})
		end := c.awaitFrom(mark, "an end", func(m message) bool { return m.kind == "error" || m.kind == "done" })
		switch {
		case endCode(end) == "ledger_unavailable":
			refused = true
		case end.kind == "done" && end.Usage.Recorded:
			recorded++
		case end.kind == "error":
			t.Fatalf("generation %d: %s", i, end)
		}
	}
	if !refused || recorded == 0 {
		t.Fatalf("%d generations were recorded, then refused: %v", recorded, refused)
	}
	eventually(t, "/readyz to say so", func() bool {
		a := r.get(t, "/readyz", nil)
		return a.status == http.StatusServiceUnavailable && strings.Contains(string(a.body), "ledger_unavailable")
	})
	if got := r.records(t, "", "limit=1000"); len(got) < recorded {
		t.Errorf("%d records, %d generations were told recorded", len(got), recorded)
	}
	r.makeRoom(t) // what waits is written, so that the stop is in order
	r.recovers(t)
}

// serveLimited is serve for a process that can write no file beyond a size in bytes.
func serveLimited(t *testing.T, c *config, bytes int) *relay {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), c.marshal(t), 0o600); err != nil {
		t.Fatal(err)
	}
	sh, err := exec.LookPath("bash") // sh has other units
	if err != nil {
		t.Skip("bash is not installed")
	}
	script := "ulimit -S -f " + strconv.Itoa(bytes/1024) + ` && exec "$0" serve`
	return launchProgram(t, dir, sh, "-c", script, program)
}

// A relay whose disk is full refuses clients and sends away those it has, until there is room again.
func TestAFullDiskSendsClientsAway(t *testing.T) {
	t.Parallel()
	r := serveLimited(t, speaksByOne(emulate(t, emulator.Options{})), 256<<10)
	idle, busy := r.dial(t), r.dial(t)
	for i := range 2000 {
		mark := busy.mark()
		busy.send(j{"type": "generate", "generation_id": strconv.Itoa(i), "text": ""})
		end := busy.awaitFrom(mark, "an end", func(m message) bool { return m.kind == "error" || m.kind == "done" })
		if end.kind == "error" {
			break
		}
	}
	r.refusing(t, idle)
	busy.closed(websocket.StatusGoingAway)
	r.makeRoom(t)
	r.recovers(t)
}

// So does one whose ledger was moved away, until it is back.
func TestALedgerThatWasMovedSendsClientsAway(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	c := r.dial(t)
	path := filepath.Join(r.dir, "data", "ledger.db")
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	r.refusing(t, c)
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	r.recovers(t)
}
