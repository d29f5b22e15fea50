package deepgram

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// Driver is the adapter's entry in the list of drivers.
var Driver = upstream.NewDriver("deepgram", defaults(), open).WithCodes(codes)

// formats are what the vendor is asked for.
var formats = []audio.Format{
	{Encoding: audio.PCM16, Rate: 24000},
	{Encoding: audio.PCM16, Rate: 48000},
	{Encoding: audio.PCM16, Rate: 32000},
	{Encoding: audio.PCM16, Rate: 16000},
	{Encoding: audio.PCM16, Rate: 8000},
	{Encoding: audio.MuLaw, Rate: 8000},
	{Encoding: audio.ALaw, Rate: 8000},
}

// encodings are the vendor's names of ours.
var encodings = map[audio.Encoding]string{audio.PCM16: "linear16", audio.MuLaw: "mulaw", audio.ALaw: "alaw"}

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
			Socket:       vendorsocket.SocketConfig{RequestIDHeader: requestIDHeader},
			SingleUse:    true,
			AddressByKey: true,
			Idle:         cfg.Idle,
		}, env, capabilities(), d),
	}, nil
}

func capabilities() upstream.Capabilities {
	return upstream.Capabilities{
		PieceEnds:        upstream.PieceEndsCounted,
		WordTimes:        upstream.WordTimesNone,
		Cancel:           upstream.CancelConfirmed,
		StreamsPerSocket: 1,
		MinSpeed:         1, // it has a setting, whose range is not known
		MaxSpeed:         1,
		Known: upstream.Known{
			PieceEnds: upstream.Documented,
			WordTimes: upstream.Documented,
			Cancel:    upstream.Documented,
			Cost:      upstream.Documented,
		},
		Formats: formats,
	}
}

// ParseOptions refuses all: the vendor has none that are documented.
func (p *provider) ParseOptions(raw json.RawMessage) (any, error) { return nil, parseOptions(raw) }

// Open gives a stream its socket. The vendor hears of it with the first piece.
func (p *provider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	if req.Voice == "" {
		return nil, &upstream.Error{Kind: upstream.Rejected, Message: "the vendor needs a voice"} // its default is one of English
	}
	format := audio.Nearest(req.Output, formats)
	version := p.cfg.versionOf(req.Voice)
	s := newStream(version, format, sink)
	want := vendorsocket.Want{ID: req.ID, Key: p.key(version, req.Voice, format), Affinity: req.Affinity, Member: s}
	if err := p.Pool.Join(ctx, &s.seat, want); err != nil {
		return nil, err
	}
	return s, nil
}

// key is the end of an address, and so what streams must have in common to take the same socket. A voice is a model here, and
// a model has no other.
func (p *provider) key(v *version, voice string, format audio.Format) string {
	q := url.Values{"model": {voice}, "encoding": {encodings[format.Encoding]}, "sample_rate": {strconv.Itoa(format.Rate)}}
	if p.cfg.ImprovementOptOut {
		q.Set("mip_opt_out", "true")
	}
	return v.path + "?" + q.Encode()
}

// dialect is what the pool must know of the vendor.
type dialect struct {
	base   string
	header http.Header
}

func newDialect(env upstream.Env) (*dialect, error) {
	u, err := env.Base()
	if err != nil {
		return nil, err
	}
	u.RawQuery, u.Fragment = "", ""
	return &dialect{
		base:   strings.TrimRight(u.String(), "/"),
		header: http.Header{"Authorization": {"Token " + env.APIKey.Reveal()}},
	}, nil
}

// Address is the base and the key.
func (d *dialect) Address(key string) (string, http.Header) { return d.base + key, d.header }

// Refused looks the status up.
func (d *dialect) Refused(status int) upstream.Kind { return refusedKind(status) }

// Closed looks the code up.
func (d *dialect) Closed(code int) *upstream.Error { return upstream.CloseError(closeCodes, code) }

// KeepAlive is none: the vendor has no such frame.
func (d *dialect) KeepAlive(string) []byte { return nil }

// Frame reads a frame from the vendor: audio is binary, and all else JSON. What comes of a stream that has left is late.
func (d *dialect) Frame(m *vendorsocket.Mux, binary bool, data []byte) *upstream.Error {
	s, _ := m.Only().(*stream)
	if binary {
		if s != nil {
			s.audio(data)
		}
		return nil
	}
	var f frame
	if err := upstream.DecodeFrame(binary, data, &f); err != nil {
		return err
	}
	switch {
	case f.Type == typeError:
		return frameError(&f)
	case f.Type == typeMetadata, f.Type == typeConnected:
		m.Name(upstream.RequestIDIn(f.RequestID))
	case s != nil:
		s.frame(&f)
	}
	return nil
}
