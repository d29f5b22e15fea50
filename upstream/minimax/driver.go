package minimax

import (
	"context"
	"encoding/json"
	"net/http"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// Driver is the adapter's entry in the list of drivers.
var Driver = upstream.NewDriver("minimax", defaults(), open).WithCodes(codes)

// formats are what the vendor is asked for.
var formats = []audio.Format{
	{Encoding: audio.PCM16, Rate: 24000},
	{Encoding: audio.PCM16, Rate: 44100},
	{Encoding: audio.PCM16, Rate: 32000},
	{Encoding: audio.PCM16, Rate: 22050},
	{Encoding: audio.PCM16, Rate: 16000},
	{Encoding: audio.PCM16, Rate: 8000},
}

// provider speaks for one account.
type provider struct {
	vendorsocket.Account
	cfg Config
}

func open(cfg Config, env upstream.Env) (*provider, error) {
	d, err := newDialect(env)
	if err != nil {
		return nil, err
	}
	return &provider{
		cfg: cfg,
		Account: vendorsocket.NewAccount(vendorsocket.PoolConfig{
			AddressByKey:     true, // not the address, but the first words, are the key's
			SharedOnceProven: true, // which no stream ever does: nothing that comes has a name
			Idle:             cfg.Idle,
		}, env, capabilities(), d),
	}, nil
}

func capabilities() upstream.Capabilities {
	return upstream.Capabilities{
		PieceEnds:        upstream.PieceEndsExact,
		WordTimes:        upstream.WordTimesNone,
		Cancel:           upstream.CancelConfirmed,
		StreamsPerSocket: 1,
		Normalize:        true,
		Language:         true,
		Languages:        known(),
		MinSpeed:         0.5,
		MaxSpeed:         2,
		Known: upstream.Known{
			PieceEnds: upstream.Documented, // task_flushed, after its audio
			WordTimes: upstream.Assumed,    // subtitles are documented, but not how they come on this socket
			Cancel:    upstream.Documented,
			Cost:      upstream.Documented, // characters are told, and no money
		},
		Formats: formats,
	}
}

// ParseOptions checks the client's options for this vendor.
func (p *provider) ParseOptions(raw json.RawMessage) (any, error) { return parseOptions(raw) }

// Open gives a stream a socket whose session is what it asks for. The session may have been another tenant's before: one stream
// is on a socket at a time, and nothing is left of it when the next one comes.
func (p *provider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	if req.Voice == "" {
		return nil, &upstream.Error{Kind: upstream.Rejected, Message: "the vendor needs a voice"}
	}
	format := audio.Nearest(req.Output, formats)
	s := &stream{Lifetime: upstream.NewLifetime(sink), clock: upstream.Clock{Format: format}}
	want := vendorsocket.Want{ID: req.ID, Key: string(encode(p.start(req, format))), Affinity: req.Affinity, Member: s}
	if err := p.Pool.Join(ctx, &s.seat, want); err != nil {
		return nil, err
	}
	return s, nil
}

// start translates a request.
func (p *provider) start(req upstream.Request, format audio.Format) start {
	o := upstream.OptionsOf[options](req)
	s := start{
		Event:           eventStart,
		Model:           p.cfg.Model,
		Voice:           voiceSetting{VoiceID: req.Voice, Volume: o.Volume, Pitch: o.Pitch, Emotion: o.Emotion, Normalization: req.Normalize},
		Audio:           audioSetting{SampleRate: format.Rate, Format: "pcm", Channel: 1},
		LanguageBoost:   boost(req.Language),
		ContinuousSound: p.cfg.ContinuousSound,
	}
	if req.Model != "" {
		s.Model = req.Model
	}
	if speed := p.Caps.ClampSpeed(req.Speed); speed != 1 {
		s.Voice.Speed = speed
	}
	if len(o.Pronunciation) > 0 {
		s.Pronunciation = &tones{Tone: o.Pronunciation}
	}
	return s
}

// dialect is what the pool must know of the vendor.
type dialect struct {
	address string
	header  http.Header
}

var (
	_ vendorsocket.KeyGreeter = (*dialect)(nil)
	_ vendorsocket.Namer      = (*dialect)(nil)
)

func newDialect(env upstream.Env) (*dialect, error) {
	u, err := env.Base()
	if err != nil {
		return nil, err
	}
	u.RawQuery, u.Fragment = "", ""
	return &dialect{
		address: u.JoinPath("ws", "v1", "t2a_v2_bidi").String(),
		header:  http.Header{"Authorization": {"Bearer " + env.APIKey.Reveal()}},
	}, nil
}

// Address is one for all: what differs is said in task_start.
func (d *dialect) Address(string) (string, http.Header) { return d.address, d.header }

// Refused is as HTTP has it. A wrong key is documented to be told after the handshake, and has been met at it too.
func (d *dialect) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }

// Closed looks the code up.
func (d *dialect) Closed(code int) *upstream.Error { return upstream.CloseError(closeCodes, code) }

// KeepAlive is none: the vendor has no such message, and counts pings, which go out anyway.
func (d *dialect) KeepAlive(string) []byte { return nil }
