package tone

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
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

// refuses reports whether the fault is one that strikes before a stream is open.
func (f Fault) refuses() bool {
	switch f.Kind {
	case upstream.ConnectFailed, upstream.Throttled, upstream.AuthFailed, upstream.NoCredit:
		return true
	}
	return false
}

// error is what a stream ends with.
func (f Fault) error() error {
	return &upstream.Error{Kind: f.Kind, Message: "fault by configuration"}
}
