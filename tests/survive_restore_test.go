package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"voicerelay/tests/process"
	"voicerelay/upstream/emulator"
)

// documented are the commands of docs/ledger.md on copies, a block each: to make one, to put it in place, to check.
func documented(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../docs/ledger.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## Copies, and how to restore one")
	section, _, _ = strings.Cut(section, "\n## ")
	var blocks []string
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1) {
		blocks = append(blocks, block[1])
	}
	if len(blocks) != 3 {
		t.Fatalf("%d blocks of commands, want three", len(blocks))
	}
	return blocks
}

// shell runs documented commands in a relay's folder.
func shell(t *testing.T, dir, commands string) {
	t.Helper()
	cmd := exec.Command("sh", "-ec", commands)
	cmd.Dir = dir
	cmd.Env = append(process.Environment(dir), "PATH="+filepath.Dir(program)+":"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", commands, err, out)
	}
}

// A ledger is lost under load, and a copy that was taken under load is put in its place as docs/ledger.md says: nothing is
// counted twice, nothing that was shipped is lost, and what the clients were told stands.
func TestSurvivesARestoredCopy(t *testing.T) {
	if _, err := exec.LookPath("sqlite3"); err != nil {
		t.Skip("the program sqlite3 is missing, with which docs/ledger.md copies a ledger")
	}
	amongOthers(t)
	commands := documented(t)
	callers, each := sized(3, 10), sized(3, 10)
	s := startRedis(t)
	cfg := withProofTenants(speaksByOne(emulate(t, emulator.Options{Pace: 2, FirstAudio: 50 * time.Millisecond})))
	cfg.Redis = map[string]string{"url": "redis://" + s.Addr}
	r := serve(t, cfg)
	at := &atomic.Pointer[string]{}
	at.Store(&r.url)
	w := newCrowd(t, each)
	w.kills = true
	w.join(callers, at)
	eventually(t, "nearly all to run", func() bool { return w.running() >= callers*each*9/10 })
	shell(t, r.dir, commands[0])
	then := s.shipped()
	eventually(t, "what was open in the copy to be shipped", func() bool { return s.shipped() > then+int64(2*callers*each) })
	r.Kill()
	shipped := s.shipped()
	shell(t, r.dir, commands[1])
	r = serveIn(t, r.dir, cfg)
	at.Store(&r.url)
	more := w.heardOf() + callers*each
	eventually(t, "generations to be accepted again", func() bool { return w.heardOf() >= more })
	w.disperse()
	eventually(t, "what was left open to be closed", func() bool {
		got := run(t, r.dir, "", "ledger", "verify")
		return got.code == 0 && strings.Contains(got.out, " 0 generations open")
	})
	shell(t, r.dir, commands[2])
	w.restored(r, int(shipped))
}

// restored checks that no generation is counted twice, that the ledger has what Redis has, and that both say of each end what the
// client was told, but for those that ran or were not shipped when the ledger was lost.
func (w *crowd) restored(r *relay, shipped int) {
	w.t.Helper()
	var sums report
	eventually(w.t, "reports to be complete", func() bool {
		sums = r.usage(w.t, opsKey, "")
		return sums.Complete
	})
	recs := r.records(w.t, opsKey, "limit=1000")
	rows := map[string]string{}
	for _, row := range r.rows(w.t) {
		rows[row.record] = row.outcome
	}
	if len(recs) < shipped || len(recs) != len(rows) || sums.Groups[0].Generations != int64(len(recs)) {
		w.t.Errorf("%d records in Redis of which %d were there before, whose sums say %d, and %d in the ledger",
			len(recs), shipped, sums.Groups[0].Generations, len(rows))
	}
	seen, ends := map[string]bool{}, 0
	for _, rec := range recs {
		if seen[rec.GenerationID] || rows[rec.RecordID] != rec.Outcome {
			w.t.Errorf("there twice, or %q in the ledger: %+v", rows[rec.RecordID], rec)
		}
		seen[rec.GenerationID] = true
		k := w.told[rec.RecordID]
		if k == nil || k.end == nil {
			continue
		}
		if ends++; !sameEnd(w.t, rec, *k.end) {
			w.t.Errorf("record %+v of %s", rec, k.end)
		}
	}
	w.t.Logf("%d records, %d of which ended as a client was told; %d generations were accepted", len(recs), ends, len(w.told))
}
