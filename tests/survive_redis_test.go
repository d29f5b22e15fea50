package tests

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// A pair is two relays on one Redis, with callers at both.
type pair struct {
	t             *testing.T
	crowd         *crowd
	first, second *relay
}

// underLoad starts two relays, callers at both, and waits until a first second or more of what they say is measured.
func underLoad(t *testing.T, url string) *pair {
	t.Helper()
	callers, each := sized(2, 5), sized(3, 10)
	// The relay's own share of the first audio must be seen beside the vendor's.
	cfg := withProofTenants(speaksByOne(emulate(t, emulator.Options{Pace: 2, FirstAudio: 80 * time.Millisecond})))
	cfg.Redis = map[string]string{"url": url}
	p := &pair{t: t, first: serve(t, cfg), second: serve(t, cfg)}
	p.crowd = newCrowd(t, each)
	p.crowd.join(callers, address(p.first))
	p.crowd.join(callers, address(p.second))
	eventually(t, "all to run", func() bool { return p.crowd.running() >= 2*callers*each*9/10 })
	p.during("before", sized(time.Second, 10*time.Second))
	return p
}

// during is a phase of the load.
func (p *pair) during(phase string, d time.Duration) {
	p.crowd.enter(phase)
	<-time.After(d)
}

// more waits until so many further generations were accepted.
func (p *pair) more(n int) {
	p.t.Helper()
	n += p.crowd.heardOf()
	eventually(p.t, "more generations", func() bool { return p.crowd.heardOf() >= n })
}

// mended ends the load and checks that nothing was lost or doubled, and that no one had to wait for Redis.
func (p *pair) mended() {
	p.t.Helper()
	p.crowd.disperse()
	p.crowd.booked(p.first, p.second)
	before, many := p.crowd.median("before")
	meanwhile, alone := p.crowd.median("meanwhile")
	p.t.Logf("first audio at the median: %v of %d before, %v of %d meanwhile", before, many, meanwhile, alone)
	if many == 0 || alone == 0 {
		p.t.Fatal("no first audio was measured")
	}
	// In parallel with other tests a median is the machine's; but nobody waits for calls that are given up on only after seconds.
	slack := sized(time.Second, 0)
	if meanwhile > before*3/2+slack {
		p.t.Errorf("first audio takes %v while Redis fails, %v before: more than 1.5 times that", meanwhile, before)
	}
}

func TestSurvivesRedisKilled(t *testing.T) {
	amongOthers(t)
	s := startRedis(t)
	p := underLoad(t, "redis://"+s.Addr)
	s.Kill()
	p.during("meanwhile", sized(time.Second, 10*time.Second))
	s.Start()
	p.during("after", sized(200*time.Millisecond, 5*time.Second))
	p.mended()
}

func TestSurvivesAnOlderSnapshot(t *testing.T) {
	amongOthers(t)
	s := startRedis(t, "--appendonly", "no")
	p := underLoad(t, "redis://"+s.Addr)
	if err := s.db.Save(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	dump, err := os.ReadFile(filepath.Join(s.Dir, "dump.rdb"))
	if err != nil {
		t.Fatal(err)
	}
	then := s.shipped() // or less: some may have come since the snapshot
	p.more(sized(6, 300))
	eventually(t, "more to be shipped", func() bool { return s.shipped() > then })
	p.crowd.enter("meanwhile")
	s.Kill()
	if err := os.WriteFile(filepath.Join(s.Dir, "dump.rdb"), dump, 0o600); err != nil {
		t.Fatal(err)
	}
	s.Start()
	p.more(sized(6, 300))
	p.mended()
}

// A replica has lost touch with its master, and is taken for it all the same.
func TestSurvivesALaggingReplica(t *testing.T) {
	amongOthers(t)
	master, replica := startRedis(t, "--repl-diskless-sync-delay", "0"), startRedis(t)
	host, port, err := net.SplitHostPort(master.Addr)
	if err != nil {
		t.Fatal(err)
	}
	if err := replica.db.ReplicaOf(t.Context(), host, port).Err(); err != nil {
		t.Fatal(err)
	}
	name := newSwitchboard(t)
	name.connect(master.Addr)
	p := underLoad(t, "redis://"+name.address())
	eventually(t, "the replica to have some", func() bool { return replica.shipped() > 0 })
	if err := replica.db.ReplicaOf(t.Context(), "no", "one").Err(); err != nil {
		t.Fatal(err)
	}
	had := replica.shipped()
	p.more(sized(6, 300))
	eventually(t, "the replica to lag", func() bool { return master.shipped() > had })
	p.crowd.enter("meanwhile")
	name.connect(replica.Addr)
	master.Kill()
	p.more(sized(6, 300))
	p.mended()
}

// shipped is how many records a server has.
func (s *redisServer) shipped() (n int64) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), deadline)
	defer cancel()
	keys, err := s.db.Keys(ctx, "usage:*:records:*").Result()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, key := range keys {
		n += s.db.XLen(ctx, key).Val()
	}
	return n
}
