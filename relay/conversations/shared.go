package conversations

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"voicerelay/routing"
)

const (
	// Patience bounds the wait for what other relays know.
	Patience = 50 * time.Millisecond
	// rest is how long nobody is asked after a question without an answer, so that a caller waits in vain once.
	rest = 5 * time.Second
	// mostNotes bounds the notes that wait to be written. Those beyond it are left out: the next one of their conversation says the same.
	mostNotes = 1024
	// notePatience bounds the writing of a note.
	notePatience = time.Second
)

// Shared is what relays tell each other of conversations, in Redis. It is safe for concurrent use.
type Shared struct {
	rdb   redis.UniversalClient
	log   zerolog.Logger
	notes chan note
	stop  context.CancelFunc
	over  chan struct{} // closed once nothing is written any more
	rests atomic.Int64  // until when nobody is asked, in milliseconds since 1970
}

type note struct {
	key, value string
	kept       time.Duration
}

// NewShared shares conversations through a Redis, whose client must have ContextTimeoutEnabled, until Close.
func NewShared(rdb redis.UniversalClient, log zerolog.Logger) *Shared {
	ctx, stop := context.WithCancel(context.Background())
	s := &Shared{rdb: rdb, log: log, notes: make(chan note, mostNotes), stop: stop, over: make(chan struct{})}
	go func() {
		defer close(s.over)
		s.run(ctx)
	}()
	return s
}

// Close waits until nothing is written any more. What is noted from then on is told nobody.
func (s *Shared) Close() {
	s.stop()
	<-s.over
}

// run writes notes until ctx is over.
func (s *Shared) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case n := <-s.notes:
			s.write(ctx, n)
		}
	}
}

func (s *Shared) write(ctx context.Context, n note) {
	ctx, cancel := context.WithTimeout(ctx, notePatience)
	defer cancel()
	if err := s.rdb.Set(ctx, n.key, n.value, n.kept).Err(); err != nil && ctx.Err() == nil {
		s.log.Debug().Err(err).Msg("other relays are not told of a conversation")
	}
}

// put has a note written soon. It never waits.
func (s *Shared) put(id ID, h Heard, kept time.Duration) {
	select {
	case s.notes <- note{key(id), encode(h), kept}:
	default:
	}
}

// get is what other relays have noted. The zero value: nothing, or nothing that came in time.
func (s *Shared) get(ctx context.Context, id ID) Heard {
	now := time.Now()
	if now.UnixMilli() < s.rests.Load() {
		return Heard{}
	}
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	value, err := s.rdb.Get(ctx, key(id)).Result()
	switch {
	case errors.Is(err, redis.Nil), errors.Is(err, context.Canceled):
		return Heard{}
	case err != nil:
		s.rests.Store(now.Add(rest).UnixMilli())
		return Heard{}
	}
	return decode(value)
}

// key has the client's own words as a hash: they may name a person.
func key(id ID) string {
	sum := sha256.Sum256([]byte(id.Tenant + "\x00" + id.Name))
	return "voicerelay:conversation:" + hex.EncodeToString(sum[:16])
}

func encode(h Heard) string { return fmt.Sprintf("%d %s", h.Asked.UnixMicro(), h.Target) }

// decode is the zero value where the text is none of encode's.
func decode(value string) Heard {
	asked, target, _ := strings.Cut(value, " ")
	at, err := strconv.ParseInt(asked, 10, 64)
	if err != nil || target == "" {
		return Heard{}
	}
	provider, model, _ := strings.Cut(target, "/")
	return Heard{Target: routing.Target{Provider: provider, Model: model}, Asked: time.UnixMicro(at)}
}
