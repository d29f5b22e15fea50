package openai

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorhttp"
)

// Driver is the adapter's entry in the list of drivers.
var Driver = upstream.NewDriver("openai", defaults(), open).WithCodes(codes)

// provider speaks for one account at one server.
type provider struct {
	*vendorhttp.Client
	cfg    Config
	extra  map[string]any
	url    string
	header http.Header
}

// open makes a provider, which connects to nothing before there is something to speak.
func open(cfg Config, env upstream.Env) (*provider, error) {
	base, err := vendorhttp.Base(env)
	if err != nil {
		return nil, err
	}
	extra, err := cfg.extra()
	if err != nil {
		return nil, err
	}
	base.RawQuery, base.Fragment = query(cfg.Query), ""
	header := header(cfg.Auth, env.APIKey)
	return &provider{
		cfg: cfg, extra: extra, header: header, url: base.JoinPath("audio", "speech").String(),
		Client: vendorhttp.New(vendorhttp.Config{
			HTTP: env.HTTP, Awake: env.Awake, Log: env.Log, Warm: env.Warm,
			Idle: cfg.Idle, Prefetch: cfg.Prefetch, MaxInput: cfg.MaxInput,
			RequestIDHeader: requestIDHeader,
			Greeting:        &vendorhttp.Request{Method: http.MethodGet, URL: base.JoinPath("models").String(), Header: header},
		}),
	}, nil
}

func query(values map[string]string) string {
	q := make(url.Values)
	for name, value := range values {
		q.Set(name, value)
	}
	return q.Encode()
}

// header is that of each request. A server without keys gets none.
func header(auth string, key upstream.Secret) http.Header {
	h := http.Header{"Content-Type": {"application/json"}, "Accept": {"application/octet-stream"}} // as OpenAI's SDKs have it
	switch {
	case auth == authNone || key.Reveal() == "":
	case auth == authAPIKey:
		h.Set("api-key", key.Reveal())
	default:
		h.Set("Authorization", "Bearer "+key.Reveal())
	}
	return h
}

// Capabilities says what servers of this shape can do.
func (p *provider) Capabilities() upstream.Capabilities {
	caps := upstream.Capabilities{
		PieceEnds:        upstream.PieceEndsExact,
		WordTimes:        upstream.WordTimesNone,
		Cancel:           upstream.CancelSocket,
		StreamsPerSocket: 1,
		MinSpeed:         p.cfg.Speed.Min,
		MaxSpeed:         p.cfg.Speed.Max,
		Known: upstream.Known{
			PieceEnds: upstream.Documented,
			WordTimes: upstream.Documented,
			Cancel:    upstream.Assumed, // servers behind a proxy may finish what nobody hears
			Cost:      upstream.Documented,
		},
	}
	if p.cfg.Format == formatPCM { // else it is known when the server speaks
		caps.Formats = []audio.Format{p.cfg.bare()}
	}
	return caps
}

// ParseOptions checks the client's options.
func (p *provider) ParseOptions(raw json.RawMessage) (any, error) { return parseOptions(raw) }

// Open begins a stream. The server hears of it with the first piece.
func (p *provider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	if req.Voice == "" {
		return nil, &upstream.Error{Kind: upstream.Rejected, Message: "the vendor needs a voice"}
	}
	s, err := p.Client.Open(ctx, &speech{cfg: &p.cfg, url: p.url, header: p.header, fields: p.fields(req)}, sink)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// fields are those of each of a stream's requests, but for the text.
func (p *provider) fields(req upstream.Request) map[string]any {
	fields := maps.Clone(p.extra)
	if fields == nil {
		fields = make(map[string]any)
	}
	fields[fieldModel] = cmp.Or(req.Model, p.cfg.Model)
	fields[fieldVoice] = req.Voice
	fields[fieldFormat] = p.cfg.Format
	if speed := p.Capabilities().ClampSpeed(req.Speed); speed != 1 {
		fields[fieldSpeed] = speed
	}
	instructions := p.cfg.Instructions
	if own := upstream.OptionsOf[options](req).instructions; own != nil {
		instructions = *own
	}
	if instructions != "" {
		fields[fieldInstructions] = instructions
	}
	if p.cfg.StreamFormat == streamSSE {
		fields[fieldStreamFormat] = streamSSE
	}
	return fields
}
