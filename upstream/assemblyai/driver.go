package assemblyai

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
var Driver = upstream.NewDriver("assemblyai", defaults(), open).WithCodes(codes)

// keepAlive is how often a session is kept while its stream waits for text: half of the two minutes without a frame after which
// the vendor closes it.
const keepAlive = time.Minute

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

// encodings are the vendor's names of ours.
var encodings = map[audio.Encoding]string{audio.PCM16: "pcm_s16le", audio.MuLaw: "pcm_mulaw", audio.ALaw: "pcm_alaw"}

// languages are the vendor's names of those that it speaks, by their primary subtags.
var languages = map[string]string{
	"de": "german", "en": "english", "es": "spanish", "fr": "french", "it": "italian", "pt": "portuguese",
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
			Socket:           vendorsocket.SocketConfig{KeepAlive: keepAlive},
			SharedOnceProven: true, // which it never is: a socket is closed where a stream leaves unconfirmed
			AddressByKey:     true,
			Idle:             cfg.Idle,
		}, env, capabilities(cfg), d),
	}, nil
}

func capabilities(cfg Config) upstream.Capabilities {
	caps := upstream.Capabilities{
		PieceEnds:        upstream.PieceEndsExact,
		WordTimes:        upstream.WordTimesWord,
		Cancel:           upstream.CancelConfirmed,
		StreamsPerSocket: 1,
		Language:         true,
		Languages:        []string{"en", "es", "de", "fr", "it", "pt"},
		MinSpeed:         1,
		MaxSpeed:         1,
		Known: upstream.Known{
			PieceEnds: upstream.Documented,
			WordTimes: upstream.Documented,
			Cancel:    upstream.Documented,
			Cost:      upstream.Documented, // characters of a whole session, at its end
		},
		Formats: formats,
	}
	if !cfg.WordBoundaries {
		caps.WordTimes = upstream.WordTimesNone
	}
	return caps
}

// ParseOptions refuses all: the vendor has none.
func (p *provider) ParseOptions(raw json.RawMessage) (any, error) { return nil, parseOptions(raw) }

// Open gives a stream its socket. The vendor hears of it with the first piece.
func (p *provider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	if req.Voice == "" {
		return nil, &upstream.Error{Kind: upstream.Rejected, Message: "the vendor needs a voice"}
	}
	format := audio.Nearest(req.Output, formats)
	s := newStream(sink, format, p.cfg.WordBoundaries)
	want := vendorsocket.Want{ID: req.ID, Key: p.query(req, format), Affinity: req.Affinity, Member: s}
	if err := p.Pool.Join(ctx, &s.seat, want); err != nil {
		return nil, err
	}
	return s, nil
}

// query is an address's, and so what streams must have in common to take the same socket.
func (p *provider) query(req upstream.Request, format audio.Format) string {
	q := url.Values{
		"model_id":        {p.cfg.Model},
		"voice_id":        {req.Voice},
		"encoding":        {encodings[format.Encoding]},
		"sample_rate":     {strconv.Itoa(format.Rate)},
		"word_boundaries": {strconv.FormatBool(p.cfg.WordBoundaries)},
	}
	if req.Model != "" {
		q.Set("model_id", req.Model)
	}
	primary, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(req.Language, "_", "-")), "-")
	if name, ok := languages[primary]; ok {
		q.Set("language", name) // any other is left to the voice
	}
	return q.Encode()
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
		base:   u.JoinPath("v1", "ws").String(),
		header: http.Header{"Authorization": {env.APIKey.Reveal()}}, // without "Bearer", which this socket refuses
	}, nil
}

// Address is the base and the key, which is the query.
func (d *dialect) Address(key string) (string, http.Header) { return d.base + "?" + key, d.header }

// Refused is as HTTP has it. The vendor judges keys and settings after the handshake.
func (d *dialect) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }

// Closed looks the code up.
func (d *dialect) Closed(code int) *upstream.Error { return upstream.CloseError(closeCodes, code) }

// KeepAlive is the session's, whose one stream it is.
func (d *dialect) KeepAlive(string) []byte { return message{Type: typeKeepAlive}.encode() }
