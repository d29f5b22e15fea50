package ship

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"voicerelay/billing"
	"voicerelay/billing/ledger"
)

// A testRelay is a relay's ledger with its shipper, on one Redis, and what is open and was admitted there.
type testRelay struct {
	t       *testing.T
	rdb     *redis.Client
	path    string
	ledger  *ledger.Ledger
	shipper *Shipper
	n       int
	open    []billing.Record // of this start
}

func newTestRelay(t *testing.T, rdb *redis.Client) *testRelay {
	p := &testRelay{t: t, rdb: rdb, path: filepath.Join(memory(t), "ledger.db")}
	p.start()
	return p
}

// memory is a folder whose syncs cost nothing, where the system has one.
func memory(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/dev/shm", "ship")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) }) // gone with the machine's next start at the latest
	return folder
}

func (p *testRelay) start() {
	p.t.Helper()
	p.ledger, p.shipper = prepare(p.t, p.path, p.rdb)
	p.open = nil
}

// crash ends the relay: what is open stays so in the file, and nothing is shipped any more.
func (p *testRelay) crash() {
	p.t.Helper()
	must(p.t, p.ledger.Stop(p.t.Context()))
}

func (p *testRelay) admit() billing.Record {
	p.t.Helper()
	p.n++
	r := someRecord("acme", p.n)
	r.ID += p.ledger.Epoch()
	must(p.t, p.ledger.Enter(r)(p.t.Context()))
	p.open = append(p.open, r)
	return r
}

func (p *testRelay) close(i int) {
	p.t.Helper()
	must(p.t, p.ledger.Close(p.t.Context(), p.open[i]))
	p.open = append(p.open[:i], p.open[i+1:]...)
}

func (p *testRelay) speak(n int) {
	p.t.Helper()
	for range n {
		p.admit()
		p.close(len(p.open) - 1)
	}
}

func (p *testRelay) round() {
	p.t.Helper()
	must(p.t, p.shipper.round(p.t.Context()))
}

// copyTo is what sqlite3's .backup makes.
func (p *testRelay) copyTo(to string) {
	p.t.Helper()
	db, err := sql.Open("sqlite", "file:"+p.path)
	must(p.t, err)
	_, err = db.ExecContext(p.t.Context(), "VACUUM INTO '"+to+"'")
	must(p.t, errors.Join(err, db.Close()))
}

// restore puts a copy in the place of the file, as a file of its own.
func (p *testRelay) restore(from string) {
	p.t.Helper()
	content, err := os.ReadFile(from)
	must(p.t, err)
	for _, beside := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(p.path + beside); err != nil && !errors.Is(err, os.ErrNotExist) {
			p.t.Fatal(err)
		}
	}
	must(p.t, os.WriteFile(p.path, content, 0o600))
}

// gone has the heartbeat be that of a relay that has been dead for a while.
func (p *testRelay) gone() {
	p.t.Helper()
	beats, err := NewReports(p.rdb, 0).Heartbeats(p.t.Context())
	must(p.t, err)
	for _, b := range beats {
		old := fmt.Sprintf(`%d {"epoch":%q,"unshipped":%d,"oldest_ms":%d}`, b.At.Add(-time.Minute).UnixMilli(), b.Epoch, b.Unshipped, b.Oldest.UnixMilli())
		must(p.t, p.rdb.HSet(p.t.Context(), relaysKey, b.Relay, old).Err())
	}
}

// sound checks the ledger and Redis, and that no record is in Redis twice. It returns what is there, by outcomes.
func (p *testRelay) sound(want int) map[billing.Outcome]int {
	p.t.Helper()
	own, err := ledger.Verify(p.t.Context(), p.path)
	if err != nil || len(own.Faults) > 0 {
		p.t.Errorf("the ledger: %+v, %v", own, err)
	}
	verdict, err := NewReports(p.rdb, 0).Verify(p.t.Context(), p.ledger, defaultRetention)
	if err != nil || len(verdict.Faults) > 0 {
		p.t.Errorf("redis: %+v, %v", verdict, err)
	}
	page, err := NewReports(p.rdb, 0).Records(p.t.Context(), billing.RecordsQuery{})
	must(p.t, err)
	seen, outcomes := make(map[string]int), make(map[billing.Outcome]int)
	for _, r := range page.Records {
		if seen[r.ID]++; seen[r.ID] > 1 {
			p.t.Errorf("%s is there twice", r.ID)
		}
		outcomes[r.Outcome]++
	}
	if len(page.Records) != want {
		p.t.Errorf("%d records, want %d", len(page.Records), want)
	}
	return outcomes
}

// A copy that was taken under load is put in the place of a ledger that is lost: what was open in it had ended, what came
// after it is in Redis alone, and what ran at the end is nowhere. Each is counted once, and the ledger has it all again.
func TestARestoredCopyCountsNothingTwice(t *testing.T) {
	rdb := newRedisServer(t).newClient()
	p := newTestRelay(t, rdb)
	p.round()
	p.speak(3)
	for range 3 {
		p.admit()
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	p.copyTo(copied)
	p.close(0)
	p.close(0) // one stays open to the end
	p.speak(4)
	p.round()
	want := p.sound(9)

	p.crash()
	p.start() // a start that the copy knows nothing of
	p.round()
	want[billing.Interrupted]++
	p.speak(2)
	p.round()
	p.crash()

	for range 2 { // the second time with what the first one left in Redis
		p.restore(copied)
		p.start()
		p.round()
		p.round()
		p.sound(12)
		if own, err := ledger.Verify(t.Context(), p.path); err != nil || own.Records != 12 || own.Open != 0 || own.Lacking != 0 {
			t.Errorf("the restored ledger: %+v, %v, want all 12 records", own, err)
		}
		p.crash()
	}
	must(t, rdb.FlushAll(t.Context()).Err()) // and it could make Redis whole
	p.start()
	p.round()
	p.sound(12)
	p.crash()
}

// What Redis has lost as well is a known gap.
func TestWhatNobodyHasIsAKnownGap(t *testing.T) {
	rdb := newRedisServer(t).newClient()
	p := newTestRelay(t, rdb)
	p.speak(1)
	p.round()
	copied := filepath.Join(t.TempDir(), "copy.db")
	p.copyTo(copied)
	p.speak(3)
	p.round()
	p.crash()
	p.gone()
	for _, key := range rdb.Keys(t.Context(), "usage:{acme}:records:*").Val() { // those of the last hours are gone, the marks are not
		must(t, rdb.Del(t.Context(), key).Err())
	}
	for _, key := range append(rdb.Keys(t.Context(), "usage:{acme}:sums:*").Val(), rdb.Keys(t.Context(), "usage:{acme}:ids:*").Val()...) {
		must(t, rdb.Del(t.Context(), key).Err())
	}
	p.restore(copied)
	p.start()
	p.round()
	p.speak(2)
	p.round()
	own, err := ledger.Verify(t.Context(), p.path)
	if err != nil || len(own.Faults) > 0 || own.Lacking != 3 || own.Records != 3 {
		t.Errorf("the ledger: %+v, %v, want three records, and three known to be lacking", own, err)
	}
	p.crash()
}

// While Redis is away nothing is closed that may have ended: it stays open, and is asked for once Redis is back.
func TestWithRedisAwayWhatIsOpenWaits(t *testing.T) {
	server := newRedisServer(t, "--appendonly", "yes")
	rdb := server.newClient()
	p := newTestRelay(t, rdb)
	ended, cut := p.admit(), p.admit()
	p.round()
	copied := filepath.Join(t.TempDir(), "copy.db")
	p.copyTo(copied)
	p.close(0)
	p.round()
	p.crash()
	p.gone()
	server.Kill()
	p.restore(copied)
	for range 2 { // the second start must still know that it has to ask
		p.start()
		if err := p.shipper.round(t.Context()); err == nil {
			t.Fatal("a round without a Redis")
		}
		p.speak(1)
		p.crash()
	}
	if own, err := ledger.Verify(t.Context(), p.path); err != nil || own.Open != 2 {
		t.Errorf("with Redis away: %+v, %v, want both open", own, err)
	}
	server.Start()
	p.start()
	p.round()
	p.sound(4)
	for _, want := range []billing.Record{ended, cut} {
		page, err := p.ledger.Records(t.Context(), billing.RecordsQuery{RecordID: want.ID})
		if want.ID == cut.ID {
			want.Outcome = billing.Interrupted
		}
		if err != nil || len(page.Records) != 1 || page.Records[0].Outcome != want.Outcome {
			t.Errorf("%s = %+v, %v, want it %s", want.ID, page.Records, err, want.Outcome)
		}
	}
	p.crash()
}

// A relay that starts on the copy of a ledger that is in use leaves to its owner what that has open, and its heartbeat too.
func TestTheCopyOfALedgerInUseClosesNothingOfIt(t *testing.T) {
	rdb := newRedisServer(t).newClient()
	p := newTestRelay(t, rdb)
	p.speak(1)
	p.admit()
	p.round()
	beat := rdb.HGetAll(t.Context(), relaysKey).Val()

	other := &testRelay{t: t, rdb: rdb, path: filepath.Join(memory(t), "ledger.db")}
	p.copyTo(other.path)
	other.start()
	other.round()
	if !other.shipper.originalInUse {
		t.Error("the other relay was not noticed")
	}
	other.speak(2)
	other.round()
	if now := rdb.HGetAll(t.Context(), relaysKey).Val(); len(now) != 1 || fmt.Sprint(now) != fmt.Sprint(beat) {
		t.Errorf("the heartbeat = %v, want the owner's %v", now, beat)
	}
	p.close(0)
	p.speak(1)
	p.round()
	p.sound(5)
	if err := other.shipper.Finish(t.Context()); !errors.Is(err, errOriginalInUse) {
		t.Errorf("Finish of the copy = %v, want %v", err, errOriginalInUse)
	}
	p.crash()
	p.gone()
	other.round() // the owner is gone: the copy is the ledger
	if other.shipper.originalInUse {
		t.Error("the other relay is taken for one that runs")
	}
	other.sound(5)
	other.crash()
}

// A record that was closed as interrupted while nobody could be asked counts as Redis has it.
func TestWhatWasClosedUnaskedCountsOnce(t *testing.T) {
	rdb := newRedisServer(t).newClient()
	p := newTestRelay(t, rdb)
	p.admit()
	p.round()
	copied := filepath.Join(t.TempDir(), "copy.db")
	p.copyTo(copied)
	p.close(0)
	p.speak(1)
	p.round()
	want := p.sound(2)
	p.crash()
	p.gone()
	p.restore(copied)
	alone, err := ledger.Open(t.Context(), ledger.Config{Path: p.path}) // as without a Redis in the configuration
	must(t, err)
	must(t, alone.Stop(t.Context()))
	p.start()
	p.round()
	p.round()
	if got := p.sound(2); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("outcomes %v, want %v", got, want)
	}
	p.crash()
}

// Whatever copy is put back whenever, and whatever Redis falls back to: Redis has no record twice, ledger and Redis agree,
// and nothing is missing that both did not lose.
func TestAnyRestorationEndsWhole(t *testing.T) {
	rdb := newRedisServer(t).newClient()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			must(t, rdb.FlushAll(t.Context()).Err())
			random := rand.New(rand.NewPCG(seed, 11))
			p := newTestRelay(t, rdb)
			folder := t.TempDir()
			var copies []string
			for range 40 {
				switch random.IntN(9) {
				case 0, 1:
					p.admit()
				case 2, 3:
					if len(p.open) > 0 {
						p.close(random.IntN(len(p.open)))
					}
				case 4:
					p.speak(random.IntN(4))
				case 5:
					_ = p.shipper.round(t.Context()) // may find that Redis lost something
				case 6:
					copies = append(copies, filepath.Join(folder, fmt.Sprint(len(copies))))
					p.copyTo(copies[len(copies)-1])
				case 7:
					p.crash()
					p.start()
				case 8:
					p.crash()
					if len(copies) > 0 {
						p.restore(copies[random.IntN(len(copies))])
					}
					p.start()
				}
			}
			p.crash()
			p.start()
			for range 2 {
				_ = p.shipper.round(t.Context()) // the second one has what the first one closed
			}
			page, err := NewReports(rdb, 0).Records(t.Context(), billing.RecordsQuery{})
			must(t, err)
			p.sound(len(page.Records))
			own := p.ledgerRecords()
			for _, r := range page.Records {
				if !own[r.ID] {
					t.Errorf("the ledger lacks %s", r.ID)
				}
			}
			p.crash()
		})
	}
}

func (p *testRelay) ledgerRecords() map[string]bool {
	p.t.Helper()
	page, err := p.ledger.Records(p.t.Context(), billing.RecordsQuery{Limit: 1000})
	must(p.t, err)
	all := make(map[string]bool)
	for _, r := range page.Records {
		all[r.ID] = true
	}
	return all
}

// Two ledgers that have one record, under numbers of their own: it counts as it came first, and the rest of both runs with it.
func TestARecordCountsOnceWhateverItsNumber(t *testing.T) {
	rdb := newRedisServer(t).newClient()
	first, second := newMemoryOutbox(), newMemoryOutbox()
	shared := someRecord("acme", 1)
	first.add("e1", shared)
	second.add("e2", someRecord("acme", 2))
	again := shared
	again.Outcome, again.Characters = billing.Interrupted, 99
	second.add("e2", again)
	second.add("e2", someRecord("acme", 3))
	must(t, newShipper(first, rdb).All(t.Context()))
	for range 2 {
		must(t, New(Config{Relay: "relay-2", Epoch: "e2"}, second, rdb).All(t.Context()))
	}
	reports := NewReports(rdb, 0)
	if verdict, err := reports.Verify(t.Context(), first, defaultRetention); err != nil || len(verdict.Faults) > 0 {
		t.Errorf("Verify = %+v, %v, want no fault", verdict, err)
	}
	page, err := reports.Records(t.Context(), billing.RecordsQuery{})
	if err != nil || len(page.Records) != 3 {
		t.Errorf("%d records, %v, want three", len(page.Records), err)
	}
	found, err := reports.recordsOf(t.Context(), []billing.Record{shared})
	if err != nil || len(found) != 1 || found[0].Record.Outcome != shared.Outcome {
		t.Errorf("the shared one = %+v, %v, want it as it came first", found, err)
	}
}

// Redis may not say which starts were on this ledger (an earlier version did not tell it): what became of a generation it says all
// the same. The record is then another ledger's as far as this one knows, and takes none of its numbers.
func TestWhatEndedInAnUnknownEpochIsNotClosedAgain(t *testing.T) {
	rdb := newRedisServer(t).newClient()
	p := newTestRelay(t, rdb)
	p.admit()
	copied := filepath.Join(t.TempDir(), "copy.db")
	p.copyTo(copied)
	p.crash()
	p.start()
	p.round() // closes it as interrupted
	p.crash()
	must(t, rdb.Del(t.Context(), epochsKey(p.shipper.cfg.Relay)).Err())
	p.restore(copied)
	p.start()
	p.round()
	p.sound(1)
	if own, err := ledger.Verify(t.Context(), p.path); err != nil || own.Open+own.Lacking+own.Records > 0 {
		t.Errorf("the restored ledger: %+v, %v, want nothing in it", own, err)
	}
	p.crash()
}
