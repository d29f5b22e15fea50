package together

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"voicerelay/audio"
	"voicerelay/awake"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// Driver is the adapter's entry in the list of drivers.
var Driver = upstream.NewDriver("together", defaults(), open).WithCodes(codes)

// provider speaks for one account.
type provider struct {
	vendorsocket.Account
	cfg   Config
	awake *awake.Clock
}

func open(cfg Config, env upstream.Env) (*provider, error) {
	d, err := newDialect(cfg, env)
	if err != nil {
		return nil, err
	}
	return &provider{
		cfg:   cfg,
		awake: env.Awake,
		Account: vendorsocket.NewAccount(vendorsocket.PoolConfig{
			SharedOnceProven: true,
			StreamsInAll:     contextsInAll,
			AddressByKey:     true,
			Idle:             cfg.Idle,
		}, env, capabilities(cfg), d),
	}, nil
}

func capabilities(cfg Config) upstream.Capabilities {
	caps := upstream.Capabilities{
		PieceEnds:        upstream.PieceEndsCounted,
		WordTimes:        upstream.WordTimesWord,
		Cancel:           upstream.CancelConfirmed,
		StreamsPerSocket: cfg.ContextsPerSocket,
		ModelMarkup:      modelMarkup,
		Language:         true,
		MinSpeed:         0.5, // the vendor's range is not documented: this is the relay's own
		MaxSpeed:         2,
		Formats:          []audio.Format{format},
		Known: upstream.Known{
			PieceEnds: upstream.Assumed, // that a commit yields one item
			WordTimes: upstream.Documented,
			Cancel:    upstream.Documented,
			Cost:      upstream.Documented,
		},
	}
	if cfg.Alignment == alignNone {
		caps.WordTimes = upstream.WordTimesNone
	}
	return caps
}

// ParseOptions checks the client's options for this vendor.
func (p *provider) ParseOptions(raw json.RawMessage) (any, error) { return parseOptions(raw) }

// Open gives a stream its place on a socket. The vendor hears of it with the first piece.
func (p *provider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	if req.Voice == "" {
		return nil, &upstream.Error{Kind: upstream.Rejected, Message: "a voice is needed"} // the default suits no default model
	}
	s := p.newStream(req, sink)
	want := vendorsocket.Want{ID: req.ID, Key: p.key(req, s.dictionary), Affinity: req.Affinity, Member: s}
	if err := p.Pool.Join(ctx, &s.seat, want); err != nil {
		return nil, err
	}
	return s, nil
}

// newStream translates a request.
func (p *provider) newStream(req upstream.Request, sink upstream.Sink) *stream {
	return &stream{
		Lifetime:   upstream.NewLifetime(sink),
		id:         req.ID,
		dictionary: upstream.OptionsOf[options](req).PronunciationDict,
		quiet:      p.cfg.Quiet,
		awake:      p.awake,
		letter:     time.Duration(float64(leastLetter) / p.Caps.ClampSpeed(req.Speed)),
		clock:      upstream.Clock{Format: format},
		ended:      piece{id: -1},
	}
}

// key is what streams on one socket have in common: the query of its address, and after a line break what does not go there.
func (p *provider) key(req upstream.Request, dictionary []string) string {
	q := url.Values{
		"voice":              {req.Voice},
		"segment":            {"never"}, // the relay cuts sentences itself
		"max_partial_length": {strconv.Itoa(p.cfg.MaxPartialLength)},
		"response_format":    {"pcm"},
		"sample_rate":        {strconv.Itoa(format.Rate)},
		"alignment":          {p.cfg.Alignment},
	}
	if req.Model != "" {
		q.Set("model", req.Model)
	}
	if language := language(req.Language); language != "" {
		q.Set("language", language)
	}
	if speed := p.Caps.ClampSpeed(req.Speed); speed != 1 {
		q.Set("speed", strconv.FormatFloat(speed, 'f', -1, 64))
	}
	return q.Encode() + "\n" + req.Tenant + "\n" + strings.Join(dictionary, "\n")
}

// language is the vendor's name of a BCP 47 tag: the language, or with its region a lowercase locale.
func language(tag string) string {
	subtags := strings.Split(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	for _, subtag := range subtags[1:] {
		if len(subtag) == 2 {
			return subtags[0] + "-" + subtag
		}
	}
	return subtags[0]
}

// dialect is what the pool must know of the vendor.
type dialect struct {
	base string // without query
	auth string
	key  upstream.Secret
}

func newDialect(cfg Config, env upstream.Env) (*dialect, error) {
	u, err := env.Base()
	if err != nil {
		return nil, err
	}
	u.RawQuery, u.Fragment = "", ""
	return &dialect{base: u.JoinPath("v1", "audio", "speech", "websocket").String(), auth: cfg.Auth, key: env.APIKey}, nil
}

// Address contains the settings, and the account's key there or in the header.
func (d *dialect) Address(key string) (string, http.Header) {
	query, _, _ := strings.Cut(key, "\n")
	if d.auth == inQuery {
		return d.base + "?" + query + "&api_key=" + url.QueryEscape(d.key.Reveal()), nil
	}
	return d.base + "?" + query, http.Header{"Authorization": {"Bearer " + d.key.Reveal()}}
}

// Refused is as refusedKind has it.
func (d *dialect) Refused(status int) upstream.Kind { return refusedKind(status) }

var (
	_ vendorsocket.Greeter = (*dialect)(nil)
	_ vendorsocket.Namer   = (*dialect)(nil)
)

// Closed looks the code up.
func (d *dialect) Closed(code int) *upstream.Error { return upstream.CloseError(closeCodes, code) }

// KeepAlive is nothing: the vendor has no such message and documents no idle timeout, and pings go out anyway.
func (d *dialect) KeepAlive(string) []byte { return nil }
