package inworld

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// Driver is the adapter's entry in the list of drivers.
var Driver = upstream.NewDriver("inworld", defaults(), open).WithCodes(codes)

// formats are what the vendor is asked for.
var formats = []audio.Format{
	{Encoding: audio.PCM16, Rate: 24000},
	{Encoding: audio.PCM16, Rate: 48000},
	{Encoding: audio.PCM16, Rate: 44100},
	{Encoding: audio.PCM16, Rate: 22050},
	{Encoding: audio.PCM16, Rate: 16000},
	{Encoding: audio.PCM16, Rate: 8000},
	{Encoding: audio.MuLaw, Rate: 8000},
	{Encoding: audio.ALaw, Rate: 8000},
}

// encodings are the vendor's names of ours. LINEAR16 would be samples with a RIFF header in each chunk (LiveKit's client).
var encodings = map[audio.Encoding]string{audio.PCM16: "PCM", audio.MuLaw: "MULAW", audio.ALaw: "ALAW"}

const (
	// keptAlive is how often a stream that waits for text keeps its socket, which the vendor closes after ten minutes.
	keptAlive = 2 * time.Minute
	// linger is how long a cancelled context keeps its place where the vendor does not confirm: longer than it takes to speak what
	// it has, since a context too many is refused.
	linger = 30 * time.Second
	// requestIDHeader would be in the answer to a handshake. That it is, is assumed: the vendor documents it for requests.
	requestIDHeader = "X-Request-Id"
)

// provider speaks for one account.
type provider struct {
	vendorsocket.Account
	model string
}

func open(cfg Config, env upstream.Env) (*provider, error) {
	d, err := newDialect(env)
	if err != nil {
		return nil, err
	}
	return &provider{
		model: cfg.Model,
		Account: vendorsocket.NewAccount(vendorsocket.PoolConfig{
			Socket: vendorsocket.SocketConfig{KeepAlive: keptAlive, RequestIDHeader: requestIDHeader},
			Idle:   cfg.Idle,
			Linger: linger,
		}, env, capabilities(cfg), d),
	}, nil
}

func capabilities(cfg Config) upstream.Capabilities {
	return upstream.Capabilities{
		PieceEnds:        upstream.PieceEndsExact,
		WordTimes:        upstream.WordTimesWord,
		Cancel:           upstream.CancelConfirmed,
		StreamsPerSocket: cfg.StreamsPerSocket,
		Concurrent:       maxSockets * cfg.StreamsPerSocket,
		Normalize:        true,
		Language:         true,
		MinSpeed:         0.5,
		MaxSpeed:         1.5,
		Known: upstream.Known{
			PieceEnds: upstream.Assumed, // flushCompleted is documented; that none comes unasked for is not
			WordTimes: upstream.Documented,
			Cancel:    upstream.Assumed,    // LiveKit's client sends it; what answers it is not said
			Cost:      upstream.Documented, // characters, and no money
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
	// An error may name no context and end its socket, so tenants do not meet on one.
	want := vendorsocket.Want{ID: req.ID, Key: "tenant " + req.Tenant, Member: s}
	if err := p.Pool.Join(ctx, &s.seat, want); err != nil {
		return nil, err
	}
	return s, nil
}

// newStream translates a request.
func (p *provider) newStream(req upstream.Request, sink upstream.Sink) *stream {
	format := audio.Nearest(req.Output, formats)
	o := upstream.OptionsOf[options](req)
	c := create{
		VoiceID:                    req.Voice,
		ModelID:                    p.model,
		AudioConfig:                audioConfig{AudioEncoding: encodings[format.Encoding], SampleRateHertz: format.Rate},
		Temperature:                o.Temperature,
		DeliveryMode:               o.DeliveryMode,
		Language:                   req.Language,
		TimestampType:              "WORD",
		TimestampTransportStrategy: "SYNC",
		ApplyTextNormalization:     "ON",
		BufferCharThreshold:        threshold,
	}
	if req.Model != "" {
		c.ModelID = req.Model
	}
	if !req.Normalize {
		c.ApplyTextNormalization = "OFF"
	}
	if speed := p.Caps.ClampSpeed(req.Speed); speed != 1 {
		c.AudioConfig.SpeakingRate = speed
	}
	return &stream{Lifetime: upstream.NewLifetime(sink), id: req.ID, create: c, clock: upstream.Clock{Format: format}}
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
		address: u.JoinPath("tts", "v1", "voice:streamBidirectional").String(),
		header:  http.Header{"Authorization": {"Basic " + env.APIKey.Reveal()}}, // the vendor's keys are base64 already
	}, nil
}

// Address is one for all: voices, models and formats go in frames.
func (d *dialect) Address(string) (string, http.Header) { return d.address, d.header }

// Refused is as HTTP has it: 401 or 403 a bad key, 402 no credit, 429 too many at once.
func (d *dialect) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }

// Closed looks the code up.
func (d *dialect) Closed(code int) *upstream.Error { return upstream.CloseError(closeCodes, code) }

// KeepAlive is the streams' own to say, since it needs a context.
func (d *dialect) KeepAlive(string) []byte { return nil }
