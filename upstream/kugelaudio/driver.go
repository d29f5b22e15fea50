package kugelaudio

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// Config is the adapter's options in the configuration.
type Config struct {
	// ContextsPerSocket is how many streams share a socket. The vendor's own limit is 20; older documentation has 5.
	ContextsPerSocket int `yaml:"contexts_per_socket"`
	// Idle is how long a socket is kept that no stream is on.
	Idle time.Duration `yaml:"idle"`
}

// Validate checks the options.
func (c *Config) Validate() error {
	if c.ContextsPerSocket < 1 || c.ContextsPerSocket > 20 {
		return errors.New("contexts_per_socket: must be 1 to 20")
	}
	if c.Idle < time.Second {
		return errors.New("idle: must be at least 1s")
	}
	return nil
}

// Driver is the adapter's entry in the list of drivers.
var Driver = upstream.NewDriver("kugelaudio", Config{ContextsPerSocket: 6, Idle: 2 * time.Minute}, open).WithCodes(codes)

// keepAlive is how often a context is kept from its inactivity timeout, 20 s at the vendor by default (its JavaScript SDK):
// half of that, so that one that is late harms nothing.
const keepAlive = 10 * time.Second

// formats are what the vendor is asked for. Its native one is the first; the others it makes of that.
var formats = []audio.Format{
	{Encoding: audio.PCM16, Rate: 24000},
	{Encoding: audio.PCM16, Rate: 22050},
	{Encoding: audio.PCM16, Rate: 16000},
	{Encoding: audio.PCM16, Rate: 8000},
	{Encoding: audio.MuLaw, Rate: 8000},
	{Encoding: audio.ALaw, Rate: 8000},
}

// provider speaks for one account.
type provider struct {
	vendorsocket.Account
	turns turns
}

func open(cfg Config, env upstream.Env) (*provider, error) {
	address, err := address(env)
	if err != nil {
		return nil, err
	}
	return &provider{
		Account: vendorsocket.NewAccount(vendorsocket.PoolConfig{
			Socket: vendorsocket.SocketConfig{KeepAlive: keepAlive, RequestIDHeader: requestIDHeader},
			Idle:   cfg.Idle,
		}, env, capabilities(cfg), &dialect{address: address}),
	}, nil
}

// address is the socket's URL, with the key. A region before the key is for clients that choose their host by it.
func address(env upstream.Env) (string, error) {
	u, err := env.Base()
	if err != nil {
		return "", err
	}
	key := env.APIKey.Reveal()
	for _, region := range []string{"eu-", "us-", "global-"} {
		key = strings.TrimPrefix(key, region)
	}
	u = u.JoinPath("ws", "tts", "multi")
	u.RawQuery = url.Values{"api_key": {key}}.Encode()
	return u.String(), nil
}

func capabilities(cfg Config) upstream.Capabilities {
	return upstream.Capabilities{
		PieceEnds:        upstream.PieceEndsExact,
		WordTimes:        upstream.WordTimesWord,
		Cancel:           upstream.CancelConfirmed,
		StreamsPerSocket: cfg.ContextsPerSocket,
		Cost:             true,
		Spell:            true,
		Markup:           []string{"break", "prosody"},
		Normalize:        true,
		Language:         true,
		MinSpeed:         0.8,
		MaxSpeed:         1.2,
		Formats:          formats,
		Known: upstream.Known{
			PieceEnds: upstream.Documented,
			WordTimes: upstream.Documented,
			Cancel:    upstream.Documented,
			Cost:      upstream.Documented,
		},
	}
}

// ParseOptions checks the client's options for this vendor.
func (p *provider) ParseOptions(raw json.RawMessage) (any, error) { return parseOptions(raw) }

// Open gives a stream its place on a socket. The vendor hears of it with the first piece.
func (p *provider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	s, err := p.newStream(req, sink)
	if err != nil {
		return nil, err
	}
	want := vendorsocket.Want{ID: req.ID, Key: s.key(req.Tenant), Affinity: req.Affinity, Member: s}
	if err := p.Pool.Join(ctx, &s.seat, want); err != nil {
		return nil, err
	}
	return s, nil
}

// newStream translates a request.
func (p *provider) newStream(req upstream.Request, sink upstream.Sink) (*stream, error) {
	voice, err := strconv.ParseInt(req.Voice, 10, 64)
	if err != nil {
		return nil, &upstream.Error{Kind: upstream.Rejected, Message: "the voice id is not a number"}
	}
	opts := upstream.OptionsOf[options](req)
	format := audio.Nearest(req.Output, formats)
	return &stream{
		Lifetime: upstream.NewLifetime(sink),
		id:       req.ID,
		voice: voiceSettings{
			VoiceID:      voice,
			CFGScale:     opts.CFGScale,
			MaxNewTokens: opts.MaxNewTokens,
		},
		session: session{
			ModelID:        req.Model,
			OutputFormat:   outputFormat(format),
			WordTimestamps: true,
			Normalize:      req.Normalize,
			Language:       language(req.Language),
			Speed:          p.Caps.ClampSpeed(req.Speed),
			Temperature:    opts.Temperature,
			SpeakerPrefix:  opts.SpeakerPrefix,
			ProjectID:      opts.ProjectID,
			DictionaryIDs:  opts.DictionaryIDs,
		},
		clock: clock{Clock: upstream.Clock{Format: format}},
		turns: &p.turns,
		parts: parts{blind: p.turns.needFlush(time.Now())},
	}, nil
}

// language is the vendor's name of a BCP 47 tag's language: ISO 639-1, and yue for Cantonese.
func language(tag string) string {
	primary, rest, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	if extended, _, _ := strings.Cut(rest, "-"); primary == "zh" && extended == "yue" {
		return "yue"
	}
	return primary
}

// dialect is what the pool must know of the vendor.
type dialect struct {
	address string // contains the key
}

// Address is one for all: the session's fields go in frames.
func (d *dialect) Address(string) (string, http.Header) { return d.address, nil }

// Refused is as HTTP has it: 401 or 403 a bad key, 402 no credit, 429 too fast.
func (d *dialect) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }

// Closed looks the code up.
func (d *dialect) Closed(code int) *upstream.Error { return upstream.CloseError(closeCodes, code) }

// KeepAlive is a text frame without text. It creates nothing where there is no such context yet.
func (d *dialect) KeepAlive(id string) []byte {
	return encode(textFrame{ContextID: id})
}
