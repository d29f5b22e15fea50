package tone

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// Config is a tone provider's options. The zero value sends 200 ms frames as fast as they are taken.
type Config struct {
	// Rate of the samples in hertz; 0: whichever of audio.Rates suits the client best.
	Rate int `yaml:"rate"`
	// Chunk is the audio of one frame; 0: 200 ms.
	Chunk time.Duration `yaml:"chunk"`
	// Pace is audio seconds per second; 0: no pacing.
	Pace float64 `yaml:"pace"`
	// Latency is the time before the first audio of each piece.
	Latency time.Duration `yaml:"latency"`
	// Base64 delivers frames as standard base64, as a vendor with JSON frames does.
	Base64 bool `yaml:"base64"`
	// OddChunks cuts frames in the middle of samples.
	OddChunks bool `yaml:"odd_chunks"`
	// NoWords and NoPieceEnds take these abilities away.
	NoWords     bool `yaml:"no_words"`
	NoPieceEnds bool `yaml:"no_piece_ends"`
	// Streams is how many streams may be open at once before it refuses one, as a vendor that is full does; 0: no bound.
	Streams int `yaml:"streams"`
	// Charge is what a stream is said to cost, a decimal in EUR; empty: the provider says nothing.
	Charge string `yaml:"charge"`
	// Fault makes every stream fail.
	Fault Fault `yaml:"fault"`
}

// Fault is how streams fail. The zero value: they don't.
type Fault struct {
	// Kind is what they end with. connect_failed, throttled, auth_failed and no_credit: Open fails with it;
	// stalled and first_audio_timeout: the stream falls silent and does not end by itself.
	Kind upstream.Kind `yaml:"kind"`
	// After is how much audio comes first, in whole frames.
	After time.Duration `yaml:"after"`
}

// Validate checks the options.
func (c *Config) Validate() error {
	if c.Rate != 0 && !slices.Contains(audio.Rates, c.Rate) {
		return fmt.Errorf("rate: must be one of %v", audio.Rates)
	}
	if c.Chunk < 0 || c.Latency < 0 || c.Pace < 0 || c.Fault.After < 0 || c.Streams < 0 {
		return errors.New("durations, pace and streams: must not be negative")
	}
	if _, known := upstream.Policies[c.Fault.Kind]; c.Fault.Kind != "" && !known {
		return fmt.Errorf("fault.kind: unknown kind %q", string(c.Fault.Kind))
	}
	if _, err := strconv.ParseFloat(c.Charge, 64); c.Charge != "" && err != nil {
		return errors.New("charge: must be a decimal such as 0.18")
	}
	return nil
}

// Driver is the provider's entry in the list of drivers.
var Driver = upstream.NewDriver("tone", Config{Pace: 20}, func(cfg Config, env upstream.Env) (upstream.Provider, error) {
	return New(cfg, env), nil
})

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

// refuses reports whether the fault is one that strikes before a stream is open.
func (f Fault) refuses() bool {
	switch f.Kind {
	case upstream.ConnectFailed, upstream.Throttled, upstream.AuthFailed, upstream.NoCredit:
		return true
	}
	return false
}

// Open makes a stream.
func (p *Provider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	if ctx.Err() != nil {
		return nil, &upstream.Error{Kind: upstream.Canceled, Message: "cancelled before it began", Err: context.Cause(ctx)}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return nil, &upstream.Error{Kind: upstream.ConnectFailed, Message: "provider is closed"}
	case p.cfg.Fault.refuses():
		return nil, p.cfg.Fault.error()
	case p.cfg.Streams > 0 && p.stats.Open >= p.cfg.Streams:
		return nil, &upstream.Error{Kind: upstream.Throttled, Message: "all streams are taken"}
	}
	p.stats.Open++
	p.stats.Opened++
	p.stats.Requests = append(p.stats.Requests, req)
	s := newStream(p, req, sink)
	p.wg.Go(s.run)
	return s, nil
}

// error is what a stream ends with.
func (f Fault) error() error {
	return &upstream.Error{Kind: f.Kind, Message: "fault by configuration"}
}

// Close refuses further streams and waits for those open, which their owners must have closed.
func (p *Provider) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.wg.Wait()
	return nil
}
