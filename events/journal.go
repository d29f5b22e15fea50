package events

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/billing"
)

// Keeper keeps an event for those sinks that want it, and returns when that is safe. With a time, what has its id is told once until then.
type Keeper interface {
	Publish(ctx context.Context, e billing.Event, until time.Time) (first bool, err error)
}

// Journal has what happens be kept, without making anybody wait to whom it happens. It is safe for concurrent use.
type Journal struct {
	relay  string // its name
	keeper Keeper
	log    zerolog.Logger
	queue  chan billing.Event
	lost   atomic.Int64
}

// maxQueued bounds the events that wait for the ledger: there are a few in an incident.
const maxQueued = 1000

// keepRetry is how soon the ledger is asked again that could not keep an event.
const keepRetry = time.Second

// NewJournal is of the relay of a name. It keeps nothing before Run.
func NewJournal(relay string, keeper Keeper, log zerolog.Logger) *Journal {
	return &Journal{relay: relay, keeper: keeper, log: log, queue: make(chan billing.Event, maxQueued)}
}

// Note notes that something has happened now. It never waits. Where too much waits already, that is lost, and the log says so.
func (j *Journal) Note(t billing.EventType, subject string, data any) {
	e, err := NewEvent(rand.Text(), t, subject, data)
	if err != nil {
		j.log.Error().Err(err).Str("type", string(t)).Msg("event not kept")
		return
	}
	select {
	case j.queue <- e:
	default:
		j.lost.Add(1)
	}
}

// NewEvent is an event that happens now. Its data becomes a JSON object.
func NewEvent(id string, t billing.EventType, subject string, data any) (billing.Event, error) {
	text, err := json.Marshal(data)
	return billing.Event{ID: id, Type: t, Subject: subject, Time: time.Now().UTC(), Data: text}, err
}

// Run keeps what is noted until ctx ends, and then what still waits, as far as the ledger takes it at once.
func (j *Journal) Run(ctx context.Context) {
	for {
		select {
		case e := <-j.queue:
			j.keep(ctx, e)
		case <-ctx.Done():
			for len(j.queue) > 0 {
				j.keep(ctx, <-j.queue)
			}
			return
		}
		if lost := j.lost.Swap(0); lost > 0 {
			j.log.Error().Int64("events", lost).Msg("events were lost: too many waited for the ledger")
		}
	}
}

// keep keeps an event, however often that takes while ctx goes on.
func (j *Journal) keep(ctx context.Context, e billing.Event) {
	for {
		trying, cancel := context.WithTimeout(context.WithoutCancel(ctx), outboxPatience)
		_, err := j.keeper.Publish(trying, e, time.Time{})
		cancel()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			j.log.Error().Err(err).Str("type", string(e.Type)).Msg("event not kept")
			return
		case <-time.After(keepRetry):
		}
	}
}
