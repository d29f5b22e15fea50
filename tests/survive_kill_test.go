package tests

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// A relay that is killed at any moment, again and again, loses no generation that a client saw accepted, and counts none
// twice: not in its ledger, not in Redis.
func TestSurvivesKillsOfTheRelay(t *testing.T) {
	amongOthers(t)
	kills, callers, each := sized(3, 50), sized(3, 10), sized(4, 20)
	cfg := withProofTenants(speaksByOne(emulate(t, emulator.Options{Pace: 2, FirstAudio: 50 * time.Millisecond})))
	cfg.Redis = map[string]string{"url": "redis://" + startRedis(t).Addr}
	r := serve(t, cfg)
	at := &atomic.Pointer[string]{}
	at.Store(&r.url)
	w := newCrowd(t, each)
	w.kills = true
	w.join(callers, at)
	random := rand.New(rand.NewPCG(50, 200))
	var running []int
	for range kills {
		eventually(t, "nearly all to run", func() bool { return w.running() >= callers*each*9/10 })
		<-time.After(time.Duration(random.Int64N(int64(time.Second))))
		running = append(running, w.running())
		r.Kill()
		r = serveIn(t, r.dir, cfg)
		at.Store(&r.url)
	}
	w.disperse()
	slices.Sort(running)
	t.Logf("%d kills under %d to %d running generations, %d at the median", kills, running[0], running[kills-1], running[kills/2])
	w.booked(r)
}
