package zeligate

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// Driver is the adapter's entry in the list of drivers.
var Driver = upstream.NewDriver("zeligate", Config{Auth: authBOS, Idle: 12 * time.Second}, open).WithVoicesInPath().WithCodes(codes)

const (
	// keepAlive is how often a stream that waits for text is kept from an inactivity timeout, which is 20 s in the
	// protocol that the vendor mirrors.
	keepAlive = 10 * time.Second
	// concurrent is the vendor's own bound: its engine speaks one synthesis at a time, and a second one waits (Zeligate
	// documentation, streaming). An operator
	// who runs more of them says so with max_concurrent.
	concurrent = 1
)

// formats are what the vendor is asked for. Its native one is the first, which it passes through as it is; the others it
// makes of that (Zeligate documentation, output formats).
var formats = []audio.Format{
	{Encoding: audio.PCM16, Rate: 24000},
	{Encoding: audio.PCM16, Rate: 8000},
	{Encoding: audio.PCM16, Rate: 16000},
	{Encoding: audio.PCM16, Rate: 22050},
	{Encoding: audio.PCM16, Rate: 32000},
	{Encoding: audio.PCM16, Rate: 44100},
	{Encoding: audio.PCM16, Rate: 48000},
	{Encoding: audio.MuLaw, Rate: 8000},
	{Encoding: audio.ALaw, Rate: 8000},
}

// provider speaks for one installation.
type provider struct {
	vendorsocket.Account
	schedule []int64
	bearer   upstream.Secret // of BOS; empty: none
}

func open(cfg Config, env upstream.Env) (*provider, error) {
	d, err := newDialect(cfg, env)
	if err != nil {
		return nil, err
	}
	p := &provider{
		schedule: cfg.ChunkLengthSchedule,
		Account: vendorsocket.NewAccount(vendorsocket.PoolConfig{
			Socket:       vendorsocket.SocketConfig{KeepAlive: keepAlive},
			SingleUse:    true,
			AddressByKey: true,
			Idle:         cfg.Idle,
		}, env, capabilities(), d),
	}
	if cfg.Auth == authBOS {
		p.bearer = d.bearer
	}
	return p, nil
}

func capabilities() upstream.Capabilities {
	return upstream.Capabilities{
		PieceEnds:        upstream.PieceEndsNone,
		WordTimes:        upstream.WordTimesNone,
		Cancel:           upstream.CancelSocket,
		StreamsPerSocket: 1,
		Concurrent:       concurrent,
		MinSpeed:         0.7,
		MaxSpeed:         1.2,
		Formats:          formats,
		Known: upstream.Known{
			PieceEnds: upstream.Documented,
			WordTimes: upstream.Documented,
			Cancel:    upstream.Assumed, // whether the engine stops when a socket goes is not said
			Cost:      upstream.Documented,
		},
	}
}

// ParseOptions checks the client's options for this vendor.
func (p *provider) ParseOptions(raw json.RawMessage) (any, error) { return parseOptions(raw) }

// Open gives a stream its socket. The vendor hears of it with the first piece.
func (p *provider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	format := audio.Nearest(req.Output, formats)
	key, err := target(req.Voice, format)
	if err != nil {
		return nil, err
	}
	s := &stream{Lifetime: upstream.NewLifetime(sink), bos: p.bos(req), clock: upstream.Clock{Format: format}}
	want := vendorsocket.Want{ID: req.ID, Key: key, Affinity: req.Affinity, Member: s}
	if err := p.Pool.Join(ctx, &s.seat, want); err != nil {
		return nil, err
	}
	return s, nil
}

// bos translates a request.
func (p *provider) bos(req upstream.Request) bosFrame {
	opts := upstream.OptionsOf[options](req)
	f := bosFrame{
		Text:          space,
		VoiceSettings: voiceSettings{Stability: opts.Stability, Style: opts.Style},
		Authorization: p.bearer.Reveal(),
	}
	if speed := p.Caps.ClampSpeed(req.Speed); speed != 1 {
		f.VoiceSettings.Speed = speed
	}
	schedule := p.schedule
	if opts.ChunkLengthSchedule != nil {
		schedule = opts.ChunkLengthSchedule
	}
	if len(schedule) > 0 {
		f.GenerationConfig = &generationConfig{ChunkLengthSchedule: schedule}
	}
	return f
}

// target is the address below the base, and so what streams must have in common to take the same socket. A voice
// that the vendor does not know is not refused but becomes its default one, unless it is strict.
func target(voice string, format audio.Format) (string, error) {
	segment, err := upstream.PathSegment(voice)
	if err != nil {
		return "", err
	}
	return "/v1/text-to-speech/" + segment + "/stream-input?output_format=" + outputFormat(format), nil
}

// dialect is what the pool must know of the vendor.
type dialect struct {
	base   string
	bearer upstream.Secret // Bearer and the key; empty: the installation is open
	query  bool            // the key stands in the address, too
}

func newDialect(cfg Config, env upstream.Env) (*dialect, error) {
	u, err := env.Base()
	if err != nil {
		return nil, err
	}
	u.RawQuery, u.Fragment = "", ""
	d := &dialect{base: strings.TrimRight(u.String(), "/"), query: cfg.Auth == authQuery}
	if env.APIKey != "" {
		d.bearer = "Bearer " + env.APIKey
	}
	return d, nil
}

// Address is the base and the target.
func (d *dialect) Address(key string) (string, http.Header) {
	address := d.base + key
	if d.bearer == "" {
		return address, nil
	}
	if d.query {
		// The vendor writes a space as %20.
		address += "&authorization=" + strings.ReplaceAll(url.QueryEscape(d.bearer.Reveal()), "+", "%20")
	}
	return address, http.Header{"Authorization": {d.bearer.Reveal()}}
}

// Refused looks the status up.
func (d *dialect) Refused(status int) upstream.Kind { return refusedKind(status) }

// Closed looks the code up.
func (d *dialect) Closed(code int) *upstream.Error { return upstream.CloseError(closeCodes, code) }

// KeepAlive is none: streams are asked themselves.
func (d *dialect) KeepAlive(string) []byte { return nil }
