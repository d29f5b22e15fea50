package peers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Lives of what is left in Redis. A summary that was not renewed for some exchanges is of a relay that is gone, or can't reach
// Redis. Its name stays for an hour, so that operators see that it is missing.
const (
	summaryLife = 5 * time.Second
	nameLife    = time.Hour
)

// mostRelays bounds the relays that are told of: beyond any that share a Redis, which has two calls a generation.
const mostRelays = 64

// mostStops bounds the orders that wait for a relay: it takes them once a second, and each is a click of a person.
const mostStops = 256

// All keys have one tag, so that a cluster keeps them in one slot, as a transaction needs.
const (
	namesKey   = "voicerelay:{live}:names"
	watchedKey = "voicerelay:{live}:watched"
	prefix     = "voicerelay:{live}:"
)

func summaryKey(relay string) string { return prefix + "summary:" + relay }

func stopsKey(relay string) string { return prefix + "stops:" + relay }

// Peers are the other relays on a Redis. It is safe for concurrent use, but for Exchange.
type Peers struct {
	// Static after New.
	rdb  redis.UniversalClient
	name string

	known []string // whose summaries the last exchange asked to read; owned by Exchange
}

// New tells of the relay of a name, which no other relay on the Redis has. The client's options must have ContextTimeoutEnabled.
func New(rdb redis.UniversalClient, name string) *Peers { return &Peers{rdb: rdb, name: name} }

// Told is what an exchange has brought.
type Told struct {
	// Watched: somebody looks at all relays, at whichever of them.
	Watched bool
	// Stops are the records whose generations an operator wants to end here.
	Stops []string
	// Others are the other relays, where they were asked for.
	Others []Other
}

// Other is another relay.
type Other struct {
	Name string
	// SeenAt is when it last left a summary, by its own clock.
	SeenAt time.Time
	// Summary is what it left; nil: it is gone.
	Summary []byte
}

// Exchange leaves a summary for the others, and brings what they want of this relay. watching: somebody looks here, so that the
// others are to say more; they are told of from the second time on.
func (p *Peers) Exchange(ctx context.Context, summary []byte, watching bool) (Told, error) {
	now := time.Now()
	var names *redis.ZSliceCmd
	var read *redis.SliceCmd
	tx := p.rdb.TxPipeline()
	tx.Set(ctx, summaryKey(p.name), summary, summaryLife)
	tx.ZAdd(ctx, namesKey, redis.Z{Score: float64(now.UnixMilli()), Member: p.name})
	tx.Expire(ctx, namesKey, 2*nameLife)
	watched := tx.Exists(ctx, watchedKey)
	stops := tx.LRange(ctx, stopsKey(p.name), 0, mostStops)
	tx.Del(ctx, stopsKey(p.name))
	if watching {
		tx.Set(ctx, watchedKey, 1, summaryLife)
		tx.ZRemRangeByScore(ctx, namesKey, "-inf", strconv.FormatInt(now.Add(-nameLife).UnixMilli(), 10))
		names = tx.ZRevRangeWithScores(ctx, namesKey, 0, mostRelays)
		if len(p.known) > 0 {
			read = tx.MGet(ctx, p.summaryKeys()...)
		}
	}
	if _, err := tx.Exec(ctx); err != nil {
		return Told{}, fmt.Errorf("exchange summaries: %w", err)
	}
	told := Told{Watched: watched.Val() > 0, Stops: stops.Val()}
	if watching {
		told.Others = p.others(names.Val(), read)
	} else {
		p.known = nil
	}
	return told, nil
}

func (p *Peers) summaryKeys() []string {
	keys := make([]string, len(p.known))
	for i, name := range p.known {
		keys[i] = summaryKey(name)
	}
	return keys
}

// others are those whose summaries were read. It notes whose are to be read the next time.
func (p *Peers) others(names []redis.Z, read *redis.SliceCmd) []Other {
	summaries := make(map[string][]byte)
	for i, name := range p.known {
		if text, ok := read.Val()[i].(string); ok {
			summaries[name] = []byte(text)
		}
	}
	was := p.known
	p.known = nil
	var others []Other
	for _, z := range names {
		name, ok := z.Member.(string)
		if !ok || name == p.name {
			continue
		}
		p.known = append(p.known, name)
		if slices.Contains(was, name) {
			others = append(others, Other{Name: name, SeenAt: time.UnixMilli(int64(z.Score)).UTC(), Summary: summaries[name]})
		}
	}
	return others
}

// Others are the other relays, at once.
func (p *Peers) Others(ctx context.Context) ([]Other, error) {
	names, err := p.rdb.ZRevRangeWithScores(ctx, namesKey, 0, mostRelays).Result()
	if err != nil {
		return nil, fmt.Errorf("read relays: %w", err)
	}
	var others []Other
	for _, z := range names {
		if name, ok := z.Member.(string); ok && name != p.name {
			others = append(others, Other{Name: name, SeenAt: time.UnixMilli(int64(z.Score)).UTC()})
		}
	}
	if len(others) == 0 {
		return nil, nil
	}
	keys := make([]string, len(others))
	for i := range others {
		keys[i] = summaryKey(others[i].Name)
	}
	read, err := p.rdb.MGet(ctx, keys...).Result()
	if err != nil {
		return nil, fmt.Errorf("read relays: %w", err)
	}
	for i := range read {
		if text, ok := read[i].(string); ok {
			others[i].Summary = []byte(text)
		}
	}
	return others, nil
}

// Stop asks another relay to end a generation.
func (p *Peers) Stop(ctx context.Context, relay, recordID string) error {
	tx := p.rdb.TxPipeline()
	tx.LPush(ctx, stopsKey(relay), recordID)
	tx.LTrim(ctx, stopsKey(relay), 0, mostStops-1)
	tx.Expire(ctx, stopsKey(relay), summaryLife)
	if _, err := tx.Exec(ctx); err != nil {
		return fmt.Errorf("ask a relay to stop a generation: %w", err)
	}
	return nil
}

// Leave has the relay be gone at once, and not missed.
func (p *Peers) Leave(ctx context.Context) error {
	tx := p.rdb.TxPipeline()
	tx.ZRem(ctx, namesKey, p.name)
	tx.Del(ctx, summaryKey(p.name), stopsKey(p.name))
	if _, err := tx.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("leave the other relays: %w", err)
	}
	return nil
}
