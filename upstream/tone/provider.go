package tone

import (
	"encoding/json"
	"sync"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// Provider makes tones.
type Provider struct {
	cfg Config

	mu     sync.Mutex
	stats  Stats
	closed bool

	wg sync.WaitGroup // a goroutine per stream
}

// Stats counts what a provider has done.
type Stats struct {
	Open     int // streams open now
	Opened   int // streams opened so far
	Stopped  int // of these, streams closed before they had delivered everything
	Pieces   int // pieces taken
	Requests []upstream.Request
}

// New is a provider. Nothing of its environment counts.
func New(cfg Config, _ upstream.Env) *Provider {
	if cfg.Chunk == 0 {
		cfg.Chunk = 200 * time.Millisecond
	}
	return &Provider{cfg: cfg}
}

// Capabilities says what the provider can do.
func (p *Provider) Capabilities() upstream.Capabilities {
	caps := upstream.Capabilities{
		PieceEnds:        upstream.PieceEndsExact,
		WordTimes:        upstream.WordTimesWord,
		Cancel:           upstream.CancelConfirmed,
		StreamsPerSocket: 1,
		Cost:             p.cfg.Charge != "",
		Language:         true,
		Normalize:        true,
		MinSpeed:         0.5,
		MaxSpeed:         2,
		Known:            upstream.Known{PieceEnds: upstream.Proven, WordTimes: upstream.Proven, Cancel: upstream.Proven, Cost: upstream.Proven},
	}
	if p.cfg.NoWords {
		caps.WordTimes = upstream.WordTimesNone
	}
	if p.cfg.NoPieceEnds {
		caps.PieceEnds = upstream.PieceEndsNone
	}
	for _, rate := range audio.Rates {
		if p.cfg.Rate == 0 || p.cfg.Rate == rate {
			caps.Formats = append(caps.Formats, audio.Format{Encoding: audio.PCM16, Rate: rate})
		}
	}
	return caps
}

// ParseOptions takes an empty object, since there is nothing to set.
func (p *Provider) ParseOptions(raw json.RawMessage) (any, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, &upstream.OptionError{Reason: "must be an object"}
	}
	for name := range fields {
		return nil, &upstream.OptionError{Field: name, Reason: "unknown option"}
	}
	return nil, nil
}

// count changes the provider's counts.
func (p *Provider) count(change func(*Stats)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.stats)
}

// Close refuses further streams and waits for those open, which their owners must have closed.
func (p *Provider) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.wg.Wait()
	return nil
}
