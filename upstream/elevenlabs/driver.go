package elevenlabs

import (
	"context"
	"encoding/json"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// Driver is the adapter's entry in the list of drivers.
var Driver = upstream.NewDriver("elevenlabs", defaults(), open).WithVoicesInPath().WithCodes(codes)

const (
	// inactivityTimeout is what the vendor is asked for: the longest that it grants, of 20 s by default.
	inactivityTimeout = 180 * time.Second
	// keepAlive is how often a socket is kept while its streams wait for text: half of the vendor's default timeout, for the
	// case that the one asked for is not granted.
	keepAlive = 10 * time.Second
	// linger is how long the contexts of a cancelled stream may be open without the vendor's word: far longer than it
	// takes to speak the longest piece, since one context too many ends all others.
	linger = 30 * time.Second
)

// formats are what the vendor is asked for. pcm_44100 is left out, which not every account may have; 24 kHz is as good
// for speech.
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
	cfg     Config
	dialect *dialect
}

func open(cfg Config, env upstream.Env) (*provider, error) {
	d, err := newDialect(env)
	if err != nil {
		return nil, err
	}
	return &provider{
		cfg:     cfg,
		dialect: d,
		Account: vendorsocket.NewAccount(vendorsocket.PoolConfig{
			Socket:       vendorsocket.SocketConfig{KeepAlive: keepAlive},
			AddressByKey: true,
			Idle:         cfg.Idle,
			Linger:       linger,
		}, env, capabilities(cfg), d),
	}, nil
}

func capabilities(cfg Config) upstream.Capabilities {
	return upstream.Capabilities{
		PieceEnds:        upstream.PieceEndsExact,
		WordTimes:        upstream.WordTimesCharacter,
		Cancel:           upstream.CancelConfirmed,
		StreamsPerSocket: cfg.StreamsPerSocket,
		Markup:           breaks,
		ModelMarkup:      modelMarkup,
		Normalize:        true,
		Language:         true,
		MinSpeed:         0.7,
		MaxSpeed:         1.2,
		Formats:          formats,
		Known: upstream.Known{
			PieceEnds: upstream.Documented, // the isFinal of a context that is a piece
			WordTimes: upstream.Documented,
			Cancel:    upstream.Assumed, // that a context which is told to close twice ends like any other
			Cost:      upstream.Documented,
		},
	}
}

// ParseOptions checks the client's options for this vendor.
func (p *provider) ParseOptions(raw json.RawMessage) (any, error) { return parseOptions(raw) }

// Open gives a stream its place on a socket. The vendor hears of it with the first piece.
func (p *provider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	opts := upstream.OptionsOf[options](req)
	format := audio.Nearest(req.Output, formats)
	key, err := p.key(req, opts, format)
	if err != nil {
		return nil, err
	}
	s := &stream{
		Lifetime: upstream.NewLifetime(sink),
		id:       req.ID,
		settings: p.settings(req, opts),
		leaving:  &p.dialect.leaving,
		line:     line{sink: sink, clock: upstream.Clock{Format: format}, held: vendorsocket.Held{All: p.Ahead, Most: maxHeld}},
	}
	// Nothing at the vendor ties a conversation to a socket, so affinity is of no use here.
	if err := p.Pool.Join(ctx, &s.seat, vendorsocket.Want{ID: req.ID, Key: key, Member: s}); err != nil {
		return nil, err
	}
	return s, nil
}

// settings are what a request's contexts open with.
func (p *provider) settings(req upstream.Request, opts *options) openFrame {
	f := openFrame{
		Text: " ",
		VoiceSettings: voiceSettings{
			Stability:       opts.Stability,
			SimilarityBoost: opts.SimilarityBoost,
			Style:           opts.Style,
			UseSpeakerBoost: opts.UseSpeakerBoost,
		},
		Dictionaries: opts.Dictionaries,
	}
	if speed := p.Caps.ClampSpeed(req.Speed); speed != 1 {
		f.VoiceSettings.Speed = speed
	}
	return f
}
