package fish

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"voicerelay/audio"
	"voicerelay/awake"
	"voicerelay/text"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// Driver is the adapter's entry in the list of drivers.
var Driver = upstream.NewDriver("fish", defaults(), open).WithCodes(codes)

// formats are what the vendor is asked for.
var formats = []audio.Format{
	{Encoding: audio.PCM16, Rate: 24000},
	{Encoding: audio.PCM16, Rate: 44100},
	{Encoding: audio.PCM16, Rate: 32000},
	{Encoding: audio.PCM16, Rate: 16000},
	{Encoding: audio.PCM16, Rate: 8000},
}

// concurrent is how many streams an account of the smallest tier may have at once (the vendor's documentation).
const concurrent = 5

// provider speaks for one account.
type provider struct {
	vendorsocket.Account
	cfg   Config
	awake *awake.Clock
}

func open(cfg Config, env upstream.Env) (*provider, error) {
	d, err := newDialect(env)
	if err != nil {
		return nil, err
	}
	return &provider{
		cfg:   cfg,
		awake: env.Awake,
		Account: vendorsocket.NewAccount(vendorsocket.PoolConfig{
			Socket:       vendorsocket.SocketConfig{Binary: true},
			AddressByKey: true,
			SingleUse:    true,
			Idle:         cfg.Idle,
		}, env, capabilities(cfg), d),
	}, nil
}

func capabilities(cfg Config) upstream.Capabilities {
	return upstream.Capabilities{
		PieceEnds:        upstream.PieceEndsCounted,
		WordTimes:        upstream.WordTimesWord,
		Cancel:           upstream.CancelSocket,
		StreamsPerSocket: 1,
		Concurrent:       concurrent,
		ModelMarkup:      func(model string) ([]string, bool) { return markup(cmp.Or(model, cfg.Model)), true },
		Normalize:        true,
		MinSpeed:         0.5,
		MaxSpeed:         2,
		Known: upstream.Known{
			PieceEnds: upstream.Assumed, // that chunks end where a flush was
			WordTimes: upstream.Documented,
			Cancel:    upstream.Assumed, // that the vendor stops where its socket is closed
			Cost:      upstream.Documented,
		},
		Formats: formats,
	}
}

// markup are the tags that a model knows: cues such as [whispering]. Those of s1 stand in parentheses, which are no tags.
func markup(model string) []string {
	if strings.HasPrefix(model, "s1") {
		return nil
	}
	return []string{text.AudioTags}
}

// ParseOptions checks the client's options for this vendor.
func (p *provider) ParseOptions(raw json.RawMessage) (any, error) { return parseOptions(raw) }

// Open gives a stream a socket of its own. The vendor hears of it with the first piece.
func (p *provider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	if req.Voice == "" {
		return nil, &upstream.Error{Kind: upstream.Rejected, Message: "a voice is needed"}
	}
	s := p.newStream(req, sink)
	want := vendorsocket.Want{ID: req.ID, Key: cmp.Or(req.Model, p.cfg.Model), Member: s}
	if err := p.Pool.Join(ctx, &s.seat, want); err != nil {
		return nil, err
	}
	return s, nil
}

// newStream translates a request.
func (p *provider) newStream(req upstream.Request, sink upstream.Sink) *stream {
	format := audio.Nearest(req.Output, formats)
	o := upstream.OptionsOf[options](req)
	r := request{
		ReferenceID: req.Voice, Format: "pcm", SampleRate: format.Rate, Latency: p.cfg.Latency, ChunkLength: p.cfg.ChunkLength,
		Normalize: req.Normalize, Temperature: o.Temperature, TopP: o.TopP,
	}
	speed := p.Caps.ClampSpeed(req.Speed)
	if speed != 1 || o.Volume != nil {
		r.Prosody = &prosody{Speed: speed, Volume: o.Volume}
	}
	return &stream{
		Lifetime: upstream.NewLifetime(sink),
		request:  r,
		quiet:    p.cfg.Quiet,
		letter:   time.Duration(float64(leastLetter) / speed),
		awake:    p.awake,
		clock:    upstream.Clock{Format: format},
		ended:    -1,
	}
}

// dialect is what the pool must know of the vendor.
type dialect struct {
	address string
	key     upstream.Secret
}

func newDialect(env upstream.Env) (*dialect, error) {
	u, err := env.Base()
	if err != nil {
		return nil, err
	}
	u.RawQuery, u.Fragment = "", ""
	return &dialect{address: u.JoinPath("v1", "tts", "live", "with-timestamp").String(), key: env.APIKey}, nil
}

// Address is one for all; the model, which is the streams' key, stands in a header. The vendor takes one that it does not know
// for s2.1-pro, without a word.
func (d *dialect) Address(key string) (string, http.Header) {
	return d.address, http.Header{"Authorization": {"Bearer " + d.key.Reveal()}, "Model": {key}}
}

// Refused is as HTTP has it: 401 a bad key, 402 no credit, 429 too many at once.
func (d *dialect) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }

// Closed looks the code up.
func (d *dialect) Closed(code int) *upstream.Error { return upstream.CloseError(closeCodes, code) }

// KeepAlive is none: the vendor has no such message and documents no idle limit, and pings go out anyway.
func (d *dialect) KeepAlive(string) []byte { return nil }

// Frame reads a frame from the vendor.
func (d *dialect) Frame(m *vendorsocket.Mux, binary bool, data []byte) *upstream.Error {
	f, ok := parse(data)
	if !ok || !binary {
		return upstream.GarbledError("the vendor sent a frame that is not of its protocol")
	}
	s, _ := m.Only().(*stream)
	switch string(f.event) {
	case eventAudio:
		if s != nil {
			return s.audio(&f)
		}
	case eventFinish:
		if string(f.reason) != reasonStop {
			return failed.Error("")
		}
		if s == nil || !s.finished() {
			return &upstream.Error{Kind: upstream.Dropped, Message: "the vendor ended the session"}
		}
	case eventError:
		return frameError(&f)
	}
	return nil
}
