package tests

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // opens the ledger as anyone's tools would

	"voicerelay/upstream/emulator"
)

// What a crash cuts short is closed once by the next start, with an estimate of what it cost; nothing that ended
// before is touched.
func TestACrashLosesNoRecord(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{Pace: 1})
	cfg := withTenants(speaksByOne(v))
	cfg.Prices = []map[string]any{{"provider": "kugelaudio", "model": "*", "unit": "audio_second", "amount": "0.001", "currency": "EUR"}}
	r := serve(t, cfg)
	c := r.dialWith(t, dialing{header: bearer(acmeKey)})
	c.send(j{"type": "generate", "generation_id": "whole", "text": "lazy dog."})
	whole := c.completed("whole")
	accepted := map[string]bool{}
	for i := range 8 {
		id := "cut-" + strconv.Itoa(i)
		c.send(j{"type": "generate", "generation_id": id, "text": threeSentences + " " + threeSentences})
		accepted[c.accepted(id).RecordID] = true
	}
	c.await("audio", of("audio", "cut-7"))
	r.Kill()
	c.overWithin(deadline)

	cfg.Prices[0]["amount"] = "0.1" // of what comes from now on
	r = serveIn(t, r.dir, cfg)
	cut := []record{}
	for _, rec := range r.records(t, acmeKey, "limit=3") {
		switch {
		case rec.RecordID == whole.RecordID:
			checkRecords(t, []record{rec}, "acme", []message{whole})
		case rec.Outcome == "interrupted" && accepted[rec.RecordID]:
			delete(accepted, rec.RecordID) // a second one is strange
			cut = append(cut, rec)
		default:
			t.Errorf("a record that nobody was told of: %+v", rec)
		}
	}
	if len(accepted) > 0 {
		t.Errorf("accepted and lost: %v", accepted)
	}
	checkEstimates(t, cut)
	if got := run(t, r.dir, "", "ledger", "verify"); got.code != 0 {
		t.Errorf("verify ends with %d:\n%s%s", got.code, got.out, got.errout)
	}
}

// An idempotency key of what was heard stays used over a crash; one of what was not is free again.
func TestIdempotencyKeysOutliveACrash(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{Pace: 1})
	cfg := withTenants(speaksByOne(v))
	r := serve(t, cfg)
	c := r.dialWith(t, dialing{header: bearer(acmeKey)})
	c.send(j{"type": "generate", "generation_id": "whole", "idempotency_key": "k-whole", "text": "lazy dog."})
	whole := c.completed("whole")
	c.send(j{"type": "generate", "generation_id": "cut", "idempotency_key": "k-cut", "text": threeSentences})
	c.send(j{"type": "generate", "generation_id": "silent", "idempotency_key": "k-silent", "text": "", "final": false})
	c.accepted("silent")
	c.await("audio", func(m message) bool { return m.kind == "audio" && m.ID == "cut" && m.Seq == 3 })
	r.Kill()
	c.overWithin(deadline)

	c = serveIn(t, r.dir, cfg).dialWith(t, dialing{header: bearer(acmeKey)})
	for id, state := range map[string]string{"whole": "completed", "cut": "failed"} {
		mark := c.mark()
		c.send(j{"type": "generate", "generation_id": id + "-again", "idempotency_key": "k-" + id, "text": "lazy dog."})
		m := c.refusal(mark, "duplicate_request")
		if m.First == nil {
			t.Fatalf("%s: refused without the first use: %s", id, m)
		}
		same(t, id+": generation of the first use", m.First.GenerationID, id)
		same(t, id+": its state", m.First.State, state)
		if id == "whole" {
			same(t, id+": its record", m.First.RecordID, whole.RecordID)
		}
	}
	c.send(j{"type": "generate", "generation_id": "again", "idempotency_key": "k-silent", "text": "lazy dog."})
	c.completed("again")
}

// checkEstimates wants each interrupted record that was heard to have an estimated cost, by the price of its time: some
// seconds at 0.001.
func checkEstimates(t *testing.T, cut []record) {
	t.Helper()
	estimated := 0
	for _, rec := range cut {
		for _, a := range rec.Attempts {
			if a.Outcome != "interrupted" || a.Cost.Source != "price_list" || !a.Cost.Estimated ||
				*a.Cost.Amount == "0.000000" || *a.Cost.Amount >= "0.1" {
				t.Errorf("attempt of an interrupted generation: %+v", a)
			}
			estimated++
		}
	}
	if estimated == 0 {
		t.Error("no interrupted generation has an attempt, though the vendor spoke")
	}
}

// A relay that can't keep a ledger does not start, and says why in a line.
func TestALedgerThatCantBeKeptStopsTheStart(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{}))
	running := serve(t, cfg)
	damaged := filepath.Join(t.TempDir(), "damaged.db")
	foreign := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(foreign, []byte("These are notes, and no database at all."), 0o600); err != nil {
		t.Fatal(err)
	}
	damage(t, damaged)
	for path, want := range map[string]string{
		filepath.Join(running.dir, "data", "ledger.db"): "in use",
		damaged:                "damaged",
		foreign:                "no ledger",
		"/dev/null/ledger.db":  "not a directory",
		"/proc/none/ledger.db": "no such file",
	} {
		cfg.Ledger = map[string]string{"path": path}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "config.yaml"), cfg.marshal(t), 0o600); err != nil {
			t.Fatal(err)
		}
		got := run(t, dir, "", "serve")
		if got.code != 1 || !strings.Contains(got.errout, want) || strings.Contains(got.out, "listening") {
			t.Errorf("%s: ends with %d, want 1 and %q:\n%s%s", path, got.code, want, got.out, got.errout)
		}
	}
}

// damage makes a ledger whose middle is overwritten.
func damage(t *testing.T, path string) {
	t.Helper()
	cfg := speaksByOne(emulate(t, emulator.Options{}))
	cfg.Ledger = map[string]string{"path": path}
	r := serve(t, cfg)
	c := r.dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": "lazy dog."})
	c.completed("g")
	r.Terminate()
	r.Exit()
	c.overWithin(deadline)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 5000; i < len(data)-100; i += 7 {
		data[i] ^= 0x5a
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Anyone can open the file, and nothing of what was said is in it.
func TestTheLedgerTellsNoText(t *testing.T) {
	t.Parallel()
	r := serve(t, withTenants(speaksByOne(emulate(t, emulator.Options{}))))
	c := r.dialWith(t, dialing{header: bearer(acmeKey)})
	c.send(j{"type": "generate", "generation_id": "g", "text": "seven bright yellow lanterns.", "idempotency_key": "order-secret-7"})
	done := c.completed("g")
	path := filepath.Join(r.dir, "data", "ledger.db")
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var outcome string
	var admitted int64
	err = db.QueryRow("SELECT outcome, admitted_at FROM records WHERE record_id = ?", done.RecordID).Scan(&outcome, &admitted)
	if err != nil || outcome != "completed" || time.Since(time.UnixMilli(admitted)) > time.Hour {
		t.Errorf("the file has %s at %d, %v", outcome, admitted, err)
	}
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"lanterns", acmeKey, vendorKey, "order-secret-7"} {
			if strings.Contains(string(data), secret) {
				t.Errorf("the ledger's file%s has %q in it", suffix, secret)
			}
		}
	}
}

// What a crash cuts short is priced by the list that was in force when it was admitted, also one that was loaded since the start.
func TestACrashIsPricedByTheListOfItsTime(t *testing.T) {
	t.Parallel()
	cfg := withTenants(speaksByOne(emulate(t, emulator.Options{Pace: 1})))
	priced := func(amount string) *config {
		cfg.Prices = []map[string]any{{"provider": "kugelaudio", "model": "*", "unit": "character", "amount": amount, "currency": "EUR"}}
		return cfg
	}
	r := serve(t, priced("0.5"))
	r.reload(priced("1"))
	c := r.dialWith(t, dialing{header: bearer(acmeKey)})
	c.send(j{"type": "generate", "generation_id": "cut", "text": threeSentences})
	c.await("audio", func(m message) bool { return m.kind == "audio" && m.Seq == 3 })
	r.Kill()
	c.overWithin(deadline)

	r = serveIn(t, r.dir, priced("3"))
	attempts := r.attempts(t)
	if len(attempts) != 1 || attempts[0].Cost.Amount == nil || *attempts[0].Cost.Amount != fmt.Sprintf("%d.000000", attempts[0].Characters) {
		t.Errorf("attempts %+v, want one at 1 for each character", attempts)
	}
}
