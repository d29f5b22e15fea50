package soniox

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// Driver is the adapter's entry in the list of drivers.
var Driver = upstream.NewDriver("soniox", defaults(), open).WithCodes(codes)

// formats are what the vendor is asked for.
var formats = []audio.Format{
	{Encoding: audio.PCM16, Rate: 24000},
	{Encoding: audio.PCM16, Rate: 48000},
	{Encoding: audio.PCM16, Rate: 44100},
	{Encoding: audio.PCM16, Rate: 16000},
	{Encoding: audio.PCM16, Rate: 8000},
	{Encoding: audio.MuLaw, Rate: 8000},
	{Encoding: audio.ALaw, Rate: 8000},
}

// encodings are the vendor's names of ours.
var encodings = map[audio.Encoding]string{audio.PCM16: "pcm_s16le", audio.MuLaw: "pcm_mulaw", audio.ALaw: "pcm_alaw"}

const (
	// keptAlive is how often a socket is kept while its streams wait for text: the vendor wants it every 20 to 30 s.
	keptAlive = 20 * time.Second
	// linger is how long a cancelled stream keeps its place where the vendor does not confirm: longer than it takes to speak what
	// has begun, since a stream too many is refused.
	linger = 30 * time.Second
	// sockets is how many an account has by default (the vendor's documentation of limits).
	sockets = 3
)

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
			Socket: vendorsocket.SocketConfig{KeepAlive: keptAlive},
			Idle:   cfg.Idle,
			Linger: linger,
		}, env, capabilities(cfg), d),
	}, nil
}

func capabilities(cfg Config) upstream.Capabilities {
	return upstream.Capabilities{
		PieceEnds:        upstream.PieceEndsExact,
		WordTimes:        upstream.WordTimesCharacter,
		Cancel:           upstream.CancelConfirmed,
		StreamsPerSocket: cfg.StreamsPerSocket,
		Concurrent:       sockets * cfg.StreamsPerSocket,
		Language:         true,
		MinSpeed:         0.7,
		MaxSpeed:         1.3,
		Known: upstream.Known{
			PieceEnds: upstream.Documented, // the terminated of a stream that is a piece
			WordTimes: upstream.Documented,
			Cancel:    upstream.Documented, // terminated answers it
			Cost:      upstream.Documented,
		},
		Formats: formats,
	}
}

// ParseOptions checks the client's options for this vendor.
func (p *provider) ParseOptions(raw json.RawMessage) (any, error) { return parseOptions(raw) }

// Open gives a stream its place on a socket. The vendor hears of it with the first piece.
func (p *provider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	if req.Voice == "" {
		return nil, &upstream.Error{Kind: upstream.Rejected, Message: "the vendor needs a voice"}
	}
	s := p.newStream(req, sink)
	// What a request is at fault for ends its own stream alone (the vendor's documentation), so tenants share the few sockets
	// that an account has.
	want := vendorsocket.Want{ID: req.ID, Key: "all", Member: s}
	if err := p.Pool.Join(ctx, &s.seat, want); err != nil {
		return nil, err
	}
	return s, nil
}

// newStream translates a request.
func (p *provider) newStream(req upstream.Request, sink upstream.Sink) *stream {
	format := audio.Nearest(req.Output, formats)
	c := openMessage{
		Model:            p.cfg.Model,
		Language:         p.cfg.Language,
		Voice:            req.Voice,
		AudioFormat:      encodings[format.Encoding],
		SampleRate:       format.Rate,
		ReduceSilence:    upstream.OptionsOf[options](req).ReduceSilence,
		ReturnTimestamps: true,
	}
	if req.Model != "" {
		c.Model = req.Model
	}
	if language, _, _ := strings.Cut(req.Language, "-"); language != "" {
		c.Language = strings.ToLower(language)
	}
	if speed := p.Caps.ClampSpeed(req.Speed); speed != 1 {
		c.Speed = speed
	}
	return &stream{
		Lifetime: upstream.NewLifetime(sink),
		id:       req.ID,
		settings: c,
		line:     line{sink: sink, clock: upstream.Clock{Format: format}, held: vendorsocket.Held{All: p.Ahead, Most: maxHeld}},
	}
}

// dialect is what the pool must know of the vendor.
type dialect struct {
	address string
	header  http.Header // contains the account's key
}

func newDialect(env upstream.Env) (*dialect, error) {
	u, err := env.Base()
	if err != nil {
		return nil, err
	}
	u.RawQuery, u.Fragment = "", ""
	return &dialect{
		address: u.JoinPath("tts-websocket").String(),
		header:  http.Header{"Authorization": {"Bearer " + env.APIKey.Reveal()}},
	}, nil
}

// Address is one for all: voices, models and formats go in frames.
func (d *dialect) Address(string) (string, http.Header) { return d.address, d.header }

// Refused is as HTTP has it: 401 or 403 a bad key, 402 no credit, 429 too many at once.
func (d *dialect) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }

// Closed looks the code up.
func (d *dialect) Closed(code int) *upstream.Error { return upstream.CloseError(closeCodes, code) }

// KeepAlive is the socket's, not a stream's: a stream of the vendor's gets all of its text at once.
func (d *dialect) KeepAlive(string) []byte { return encode(keepAlive{KeepAlive: true}) }
