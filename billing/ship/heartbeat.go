package ship

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// staleAfter is the age at which a heartbeat no longer says how far its relay is.
const staleAfter = 30 * time.Second

// Heartbeat says how far Redis is behind one relay's ledger.
type Heartbeat struct {
	// Relay names the ledger, Epoch the start of the relay that wrote the heartbeat.
	Relay, Epoch string
	// At is when it was written, by Redis' clock.
	At time.Time
	// Unshipped is how many records Redis lacked.
	Unshipped int64
	// Oldest is a time before which no record was admitted that Redis lacked then or lacks since. Zero: any may be lacking.
	Oldest time.Time
	// Stale: it is so old that the relay is gone, or can't reach Redis.
	Stale bool
}

// storedBeat is a heartbeat in Redis, after the time in milliseconds and a space.
type storedBeat struct {
	Epoch     string `json:"epoch"`
	Unshipped int64  `json:"unshipped"`
	OldestMS  int64  `json:"oldest_ms"` // 0: any record may be lacking
}

// Heartbeats are those of all relays that ever wrote to Redis and were neither finished nor forgotten.
func (r *Reports) Heartbeats(ctx context.Context) ([]Heartbeat, error) {
	beats, _, err := r.heartbeats(ctx)
	return beats, err
}

// heartbeats also gives Redis' time.
func (r *Reports) heartbeats(ctx context.Context) (beats []Heartbeat, now time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	answer, err := r.relays.Run(ctx, r.rdb, []string{relaysKey}).StringSlice()
	if err != nil {
		return nil, now, fmt.Errorf("read heartbeats: %w", err)
	}
	if len(answer)%2 == 0 {
		return nil, now, errStored
	}
	now, err = parseMS(answer[0])
	if err != nil {
		return nil, now, err
	}
	for i := 1; i < len(answer); i += 2 {
		beat, err := parseBeat(answer[i], answer[i+1])
		if err != nil {
			return nil, now, err
		}
		beat.Stale = now.Sub(beat.At) > staleAfter
		beats = append(beats, beat)
	}
	return beats, now, nil
}

func parseBeat(relay, value string) (Heartbeat, error) {
	ms, raw, _ := strings.Cut(value, " ")
	at, err := parseMS(ms)
	if err != nil {
		return Heartbeat{}, err
	}
	var s storedBeat
	if err := json.Unmarshal([]byte(raw), &s); err != nil {
		return Heartbeat{}, errStored
	}
	beat := Heartbeat{Relay: relay, Epoch: s.Epoch, At: at, Unshipped: s.Unshipped}
	if s.OldestMS != 0 {
		beat.Oldest = time.UnixMilli(s.OldestMS).UTC()
	}
	return beat, nil
}

func parseMS(text string) (time.Time, error) {
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, errStored
	}
	return time.UnixMilli(ms).UTC(), nil
}

// Forget takes away the heartbeat of a relay that will not come back with its ledger, so that reports stop waiting for it.
func Forget(ctx context.Context, rdb redis.UniversalClient, relay string) error {
	ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
	defer cancel()
	if err := rdb.HDel(ctx, relaysKey, relay).Err(); err != nil {
		return fmt.Errorf("remove heartbeat: %w", err)
	}
	return nil
}
