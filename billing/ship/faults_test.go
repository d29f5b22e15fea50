package ship

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"voicerelay/tests/redisserver"

	"github.com/redis/go-redis/v9"
)

// load closes records at a constant pace, and ships them, until it is told to stop.
type load struct {
	t       testing.TB
	out     *memoryOutbox
	shipper *Shipper
	stop    []func()
	n       int
	mu      sync.Mutex // guards n
}

// testTimes make the shipper look for what is missing often enough for a test.
func testTimes() Config {
	return Config{
		Relay: "relay-1", Epoch: "e1", RunSize: 64,
		CheckEvery: 300 * time.Millisecond, BeatEvery: 100 * time.Millisecond, Timeout: time.Second,
	}
}

// startLoad closes some 2,000 records a second, of several tenants.
func startLoad(t testing.TB, rdb redis.UniversalClient) *load {
	l := &load{t: t, out: newMemoryOutbox()}
	l.shipper = New(testTimes(), l.out, rdb)
	l.background(l.shipper.Run)
	l.background(l.close)
	t.Cleanup(l.halt)
	return l
}

// background runs f until halt, which waits for it.
func (l *load) background(f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { f(ctx) })
	l.stop = append(l.stop, func() { cancel(); wg.Wait() })
}

func (l *load) halt() {
	for _, stop := range l.stop {
		stop()
	}
	l.stop = nil
}

func (l *load) close(ctx context.Context) {
	pace := time.NewTicker(5 * time.Millisecond)
	defer pace.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
		}
		for range 10 {
			l.mu.Lock()
			l.n++
			r := someRecord(tenantName(l.n), l.n)
			l.mu.Unlock()
			l.out.add("e1", r)
			l.shipper.Wake(r.Tenant)
		}
	}
}

func (l *load) closed() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.n
}

// more waits for n further records.
func (l *load) more(n int) {
	l.t.Helper()
	n += l.closed()
	eventually(l.t, "records are closed", func() bool { return l.closed() >= n })
}

// mended waits until the running shipper has brought everything to Redis by itself, and checks that nothing was lost or
// doubled.
func (l *load) mended(rdb redis.UniversalClient) {
	l.t.Helper()
	l.stop[1]() // no more records
	l.stop[1] = func() {}
	reports := NewReports(rdb, time.Second)
	eventually(l.t, "redis has everything", func() bool {
		verdict, err := reports.Verify(context.Background(), l.out, defaultRetention)
		return err == nil && len(verdict.Faults) == 0 && verdict.Records == int64(l.closed())
	})
	eventually(l.t, "the heartbeat says so", func() bool {
		beats, err := reports.Heartbeats(context.Background())
		return err == nil && len(beats) == 1 && beats[0].Unshipped == 0 && !beats[0].Oldest.IsZero()
	})
	l.halt()
	wantWhole(l.t, rdb, l.out)
}

// marks is how many records a server says that it has.
func marks(t testing.TB, rdb redis.UniversalClient) int64 {
	t.Helper()
	sum := int64(0)
	for n := range tenants {
		value, err := rdb.MGet(t.Context(), markKey(stream{"e1", tenantName(n)})).Result()
		must(t, err)
		mark, err := parseMark(value[0])
		must(t, err)
		sum += mark
	}
	return sum
}

const tenants = 8

func tenantName(n int) string { return fmt.Sprintf("tenant-%d", n%tenants) }

func (l *load) downtime() time.Duration {
	if testing.Short() {
		return time.Second
	}
	return 10 * time.Second
}

func TestRedisKilledUnderLoad(t *testing.T) {
	server := newRedisServer(t, "--appendonly", "yes", "--appendfsync", "everysec")
	rdb := server.newClient()
	l := startLoad(t, rdb)
	l.more(1000)
	server.Kill()
	down := time.NewTimer(l.downtime())
	before := l.closed()
	<-down.C
	if got := l.shipper.Unshipped(); got < int64(l.closed()-before)/2 {
		t.Errorf("Unshipped = %d while %d records were closed", got, l.closed()-before)
	}
	server.Start()
	l.more(1000)
	l.mended(rdb)
}

func TestRedisBackFromAnOlderSnapshot(t *testing.T) {
	server := newRedisServer(t)
	rdb := server.newClient()
	l := startLoad(t, rdb)
	l.more(1000)
	dump := server.snapshot()
	then := marks(t, rdb)
	l.more(1000)
	if now := marks(t, rdb); then == 0 || now <= then {
		t.Fatalf("%d records at the snapshot, %d behind it, want some and more", then, now)
	}
	server.Kill()
	server.restore(dump)
	server.Start()
	l.more(500)
	l.mended(rdb)
}

// Nothing tells the relay that a server was emptied: its connections stay.
func TestRedisEmptied(t *testing.T) {
	server := newRedisServer(t)
	rdb := server.newClient()
	l := startLoad(t, rdb)
	for range 3 {
		l.more(700)
		must(t, rdb.FlushAll(t.Context()).Err())
	}
	l.mended(rdb)
}

// The replica missed what came after it lost its master, and is taken for the master all the same.
func TestLaggingReplicaPromoted(t *testing.T) {
	master, replica := newRedisServer(t, "--repl-diskless-sync-delay", "0"), newRedisServer(t)
	follower := replica.newClient()
	must(t, follower.ReplicaOf(t.Context(), "127.0.0.1", fmt.Sprint(master.Port)).Err())
	board := &switchboard{}
	board.connect(master)
	rdb := board.client(t)
	l := startLoad(t, rdb)
	l.more(1000)
	eventually(t, "the replica has some", func() bool { return follower.Exists(t.Context(), tenantsKey).Val() == 1 })
	must(t, follower.ReplicaOf(t.Context(), "no", "one").Err())
	l.more(1000)
	if had, left := marks(t, rdb), marks(t, follower); left == 0 || left >= had {
		t.Fatalf("the replica has %d of %d records, want some", left, had)
	}
	board.connect(replica)
	master.Kill()
	l.more(500)
	l.mended(rdb)
}

// Each node of a cluster in turn loses what it had since a snapshot.
func TestClusterNodesLoseTheirLast(t *testing.T) {
	nodes := redisserver.NewCluster(t)
	rdb := clusterClient(t, nodes)
	l := startLoad(t, rdb)
	for _, node := range nodes {
		l.more(500)
		must(t, newClient(t, node).FlushAll(t.Context()).Err())
		l.more(500)
		node.Kill()
		node.Start()
	}
	l.mended(rdb)
}

// Two shippers of one ledger, such as a relay and a command beside it, don't double what they both bring.
func TestTwoShippersOfOneLedger(t *testing.T) {
	server := newRedisServer(t)
	rdb := server.newClient()
	l := startLoad(t, rdb)
	second := New(testTimes(), l.out, rdb)
	l.background(func(ctx context.Context) {
		for ctx.Err() == nil {
			if err := second.All(ctx); err != nil && ctx.Err() == nil {
				t.Errorf("All beside Run: %v", err)
			}
		}
	})
	l.more(2000)
	l.mended(rdb)
}
