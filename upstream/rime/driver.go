package rime

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// Driver is the adapter's entry in the list of drivers.
var Driver = upstream.NewDriver("rime", defaults(), open).WithCodes(codes)

// life is for how long streams begin on a socket: as long as LiveKit's client uses one.
const life = 5 * time.Minute

// formats are what the vendor is asked for. Its own rate is 24 kHz.
var formats = []audio.Format{
	{Encoding: audio.PCM16, Rate: 24000},
	{Encoding: audio.MuLaw, Rate: 8000},
}

// provider speaks for one account.
type provider struct {
	vendorsocket.Account
	cfg Config
}

func open(cfg Config, env upstream.Env) (*provider, error) {
	base, err := env.Base()
	if err != nil {
		return nil, err
	}
	base.RawQuery, base.Fragment = "", ""
	header := http.Header{"Authorization": {schemes[cfg.Auth] + " " + env.APIKey.Reveal()}}
	pool := vendorsocket.PoolConfig{Idle: cfg.Idle, Life: life}
	var d vendorsocket.Dialect
	if cfg.Protocol == protocolWS3 {
		// Of which none is shared: one is closed where a stream leaves unconfirmed.
		pool.AddressByKey, pool.SharedOnceProven = true, true
		d = &ws3{base: base.JoinPath("ws3").String(), header: header}
	} else {
		pool.Socket.Subprotocols = []string{subprotocol}
		d = &v1{address: base.JoinPath("ws").String(), header: header}
	}
	return &provider{cfg: cfg, Account: vendorsocket.NewAccount(pool, env, capabilities(cfg), d)}, nil
}

// schemes are what stands before the key.
var schemes = map[string]string{authBearer: "Bearer", authAPIKey: "Api-Key"}

func capabilities(cfg Config) upstream.Capabilities {
	caps := upstream.Capabilities{
		PieceEnds:        upstream.PieceEndsExact,
		WordTimes:        upstream.WordTimesWord,
		Cancel:           upstream.CancelConfirmed,
		StreamsPerSocket: cfg.StreamsPerSocket,
		Language:         true,
		MinSpeed:         0.5, // the vendor's range is not documented: this is the relay's own
		MaxSpeed:         2,
		Known: upstream.Known{
			PieceEnds: upstream.Documented,
			WordTimes: upstream.Documented,
			Cancel:    upstream.Documented,
			Cost:      upstream.Documented,
		},
		Formats: formats,
	}
	if cfg.Protocol == protocolWS3 {
		caps.Cancel, caps.StreamsPerSocket = upstream.CancelSocket, 1
	}
	return caps
}

// ParseOptions refuses all: what the vendor has besides depends on the model.
func (p *provider) ParseOptions(raw json.RawMessage) (any, error) { return nil, parseOptions(raw) }

// Open gives a stream its place on a socket. The vendor hears of it with the first piece.
func (p *provider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	if req.Voice == "" {
		return nil, &upstream.Error{Kind: upstream.Rejected, Message: "the vendor needs a voice"}
	}
	if p.cfg.Protocol == protocolWS3 {
		return p.openSolo(ctx, req, sink)
	}
	s := p.newStream(req, sink)
	// An error may name no context and end its socket, so tenants do not meet on one.
	want := vendorsocket.Want{ID: req.ID, Key: "tenant " + req.Tenant, Affinity: req.Affinity, Member: s}
	if err := p.Pool.Join(ctx, &s.seat, want); err != nil {
		return nil, err
	}
	return s, nil
}

// newStream translates a request for v1.
func (p *provider) newStream(req upstream.Request, sink upstream.Sink) *stream {
	format := audio.Nearest(req.Output, formats)
	s := &stream{
		Lifetime: upstream.NewLifetime(sink),
		id:       req.ID,
		start: start{
			Language:        primary(req.Language),
			Speaker:         req.Voice,
			AudioParameters: audioParameters{AudioFormat: mimes[format.Encoding], SamplingRate: format.Rate},
			Timestamps:      timestamps{Enable: true},
		},
		scale: 1 / p.Caps.ClampSpeed(req.Speed),
		line:  line{sink: sink, clock: upstream.Clock{Format: format}, held: vendorsocket.Held{All: p.Ahead, Most: maxHeld}},
	}
	if s.scale != 1 {
		s.start.AudioParameters.TimeScaleFactor = s.scale
	}
	return s
}

// mimes and names are the vendor's names of our encodings, by v1 and by ws3.
var (
	mimes = map[audio.Encoding]string{audio.PCM16: "audio/pcm", audio.MuLaw: "audio/pcmu"}
	names = map[audio.Encoding]string{audio.PCM16: "pcm", audio.MuLaw: "mulaw"}
)

// primary is a BCP 47 tag's language.
func primary(tag string) string {
	language, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	return language
}

// openSolo is Open by ws3.
func (p *provider) openSolo(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	format := audio.Nearest(req.Output, formats)
	s := &solo{Lifetime: upstream.NewLifetime(sink), id: req.ID, clock: upstream.Clock{Format: format}}
	want := vendorsocket.Want{ID: req.ID, Key: p.query(req, format), Affinity: req.Affinity, Member: s}
	if err := p.Pool.Join(ctx, &s.seat, want); err != nil {
		return nil, err
	}
	return s, nil
}

// languages are the vendor's names by ws3 of those that it has long spoken; it knows others by their primary subtags.
var languages = map[string]string{"de": "ger", "en": "eng", "es": "spa", "fr": "fra"}

// query is an address's by ws3, and so what streams must have in common to take the same socket.
func (p *provider) query(req upstream.Request, format audio.Format) string {
	q := url.Values{
		"speaker":      {req.Voice},
		"modelId":      {p.cfg.Model},
		"audioFormat":  {names[format.Encoding]},
		"samplingRate": {strconv.Itoa(format.Rate)},
		"segment":      {"never"}, // the relay cuts sentences itself
	}
	if req.Model != "" {
		q.Set("modelId", req.Model)
	}
	if language := primary(req.Language); languages[language] != "" {
		q.Set("lang", languages[language])
	} else if language != "" {
		q.Set("lang", language)
	}
	if speed := p.Caps.ClampSpeed(req.Speed); speed != 1 {
		factor := "timeScaleFactor"
		if strings.HasPrefix(q.Get("modelId"), "mist") {
			factor = "speedAlpha" // the older models' name of it
		}
		q.Set(factor, strconv.FormatFloat(1/speed, 'g', 4, 64))
	}
	return q.Encode()
}
