package cartesia

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
var Driver = upstream.NewDriver("cartesia", defaults(), open).WithCodes(codes)

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

// linger is how long a cancelled context still counts: the vendor may not confirm it, and what has begun is perhaps spoken to
// its end, which takes the vendor a fraction of a second for a piece.
const linger = time.Second

// provider speaks for one account.
type provider struct {
	vendorsocket.Account
	model string
}

func open(cfg Config, env upstream.Env) (*provider, error) {
	d, err := newDialect(cfg, env)
	if err != nil {
		return nil, err
	}
	return &provider{
		model: cfg.Model,
		Account: vendorsocket.NewAccount(vendorsocket.PoolConfig{
			Idle:   cfg.Idle,
			Linger: linger,
		}, env, capabilities(cfg), d),
	}, nil
}

func capabilities(cfg Config) upstream.Capabilities {
	return upstream.Capabilities{
		PieceEnds:        upstream.PieceEndsExact,
		WordTimes:        upstream.WordTimesWord,
		Cancel:           upstream.CancelSilent,
		StreamsPerSocket: cfg.StreamsPerSocket,
		Spell:            true,
		Markup:           []string{"break", "emotion", "speed", "volume", "[laughter]"},
		Language:         true,
		MinSpeed:         0.6,
		MaxSpeed:         1.5,
		Known: upstream.Known{
			PieceEnds: upstream.Documented, // flush_done, and done after the last
			WordTimes: upstream.Documented,
			Cancel:    upstream.Assumed, // whether it stops what has begun is not said, nor whether it is answered
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
	// An error may name no context and end its socket, so tenants do not meet on one.
	want := vendorsocket.Want{ID: req.ID, Key: "tenant " + req.Tenant, Affinity: req.Affinity, Member: s}
	if err := p.Pool.Join(ctx, &s.seat, want); err != nil {
		return nil, err
	}
	return s, nil
}

// newStream translates a request.
func (p *provider) newStream(req upstream.Request, sink upstream.Sink) *stream {
	format := audio.Nearest(req.Output, formats)
	r := request{
		ModelID:       p.model,
		Voice:         voiceByID{Mode: "id", ID: req.Voice},
		OutputFormat:  outputFormat{Container: "raw", Encoding: encodings[format.Encoding], SampleRate: format.Rate},
		AddTimestamps: true,
	}
	if req.Model != "" {
		r.ModelID = req.Model
	}
	language, _, _ := strings.Cut(req.Language, "-")
	r.Language = strings.ToLower(language)
	var g generationConfig
	if speed := p.Caps.ClampSpeed(req.Speed); speed != 1 {
		g.Speed = speed
	}
	o := upstream.OptionsOf[options](req)
	g.Volume, g.Emotion, r.PronunciationDict = o.Volume, o.Emotion, o.PronunciationID
	if g != (generationConfig{}) {
		r.GenerationConfig = &g
	}
	return &stream{Lifetime: upstream.NewLifetime(sink), id: req.ID, request: r, clock: clock{Clock: upstream.Clock{Format: format}}}
}

// encodings are the vendor's names of ours.
var encodings = map[audio.Encoding]string{audio.PCM16: "pcm_s16le", audio.MuLaw: "pcm_mulaw", audio.ALaw: "pcm_alaw"}

// dialect is what the pool must know of the vendor.
type dialect struct {
	address string
	header  http.Header
}

func newDialect(cfg Config, env upstream.Env) (*dialect, error) {
	u, err := env.Base()
	if err != nil {
		return nil, err
	}
	u.RawQuery, u.Fragment = "", ""
	return &dialect{
		address: u.JoinPath("tts", "websocket").String(),
		header:  http.Header{"X-Api-Key": {env.APIKey.Reveal()}, "Cartesia-Version": {cfg.Version}},
	}, nil
}

// Address is one for all: voices, models and formats go in frames.
func (d *dialect) Address(string) (string, http.Header) { return d.address, d.header }

// Refused is as HTTP has it: 401 or 403 a bad key, 402 no credit, 429 too many at once.
func (d *dialect) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }

// Closed looks the code up.
func (d *dialect) Closed(code int) *upstream.Error { return upstream.CloseError(closeCodes, code) }

// KeepAlive is none: the vendor has no such frame, and a context that has nothing to do is ended. An idle socket is closed
// after five minutes (Cartesia documentation, timeouts), which Config.Idle stays below.
func (d *dialect) KeepAlive(string) []byte { return nil }
