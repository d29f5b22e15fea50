package elevenlabs

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// Driver is the adapter's entry in the list of drivers.
var Driver = upstream.NewDriver("elevenlabs", defaults(), open).WithVoicesInPath().WithCodes(codes)

// keepAlive is how often a socket is kept while its streams wait for text: half of the vendor's default timeout, for the
// case that the one asked for is not granted.
const keepAlive = 10 * time.Second

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
	vendorsocket.Account // its pool is of the sockets with contexts

	cfg       Config
	dialect   *dialect
	dialogues *vendorsocket.Pool
}

func open(cfg Config, env upstream.Env) (*provider, error) {
	d, err := newDialect(env)
	if err != nil {
		return nil, err
	}
	return &provider{
		cfg:       cfg,
		dialect:   d,
		dialogues: newDialogues(env, cfg, d),
		Account: vendorsocket.NewAccount(vendorsocket.PoolConfig{
			Socket:       vendorsocket.SocketConfig{KeepAlive: keepAlive, RequestIDHeader: requestIDHeader},
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

// Sockets counts those with contexts and those of dialogues.
func (p *provider) Sockets() (idle, busy int) {
	idle, busy = p.Pool.Sockets()
	alone, speaking := p.dialogues.Sockets()
	return idle + alone, busy + speaking
}

// Warm opens sockets ahead, for the kind of which streams come.
func (p *provider) Warm(ctx context.Context) {
	p.Pool.Warm(ctx)
	p.dialogues.Warm(ctx)
}

// Close ends all sockets.
func (p *provider) Close() error {
	p.dialogues.Close()
	return p.Account.Close()
}

// Open gives a stream its place on a socket. The vendor hears of it with the first piece.
func (p *provider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	if hasDialogue(req.Model) {
		return p.openDialogue(ctx, req, sink)
	}
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
		line:     p.line(sink, format, underWay),
	}
	// Nothing at the vendor ties a conversation to a socket, so affinity is of no use here.
	if err := p.Pool.Join(ctx, &s.seat, vendorsocket.Want{ID: req.ID, Key: key, Member: s}); err != nil {
		return nil, err
	}
	return s, nil
}

// line is a stream's, of which so many pieces may be at the vendor at once.
func (p *provider) line(sink upstream.Sink, format audio.Format, most int) line {
	return line{sink: sink, most: most, clock: upstream.Clock{Format: format}, held: vendorsocket.Held{All: p.Ahead, Most: maxHeld}}
}

// settings are what a request's contexts open with.
func (p *provider) settings(req upstream.Request, opts *options) openFrame {
	return openFrame{Text: " ", VoiceSettings: p.voiceSettings(req, opts), Dictionaries: opts.Dictionaries}
}

func (p *provider) voiceSettings(req upstream.Request, opts *options) voiceSettings {
	v := voiceSettings{
		Stability:       opts.Stability,
		SimilarityBoost: opts.SimilarityBoost,
		Style:           opts.Style,
		UseSpeakerBoost: opts.UseSpeakerBoost,
	}
	if speed := p.Caps.ClampSpeed(req.Speed); speed != 1 {
		v.Speed = speed
	}
	return v
}

// key is what streams on one socket have in common: the address below the base, and after a line break the tenant, since
// an error of one of them ends all.
func (p *provider) key(req upstream.Request, opts *options, format audio.Format) (string, error) {
	voice, err := upstream.PathSegment(req.Voice)
	if err != nil {
		return "", err
	}
	q := p.query(req, opts, format)
	q.Set("inactivity_timeout", strconv.Itoa(int(inactivityTimeout.Seconds())))
	q.Set("auto_mode", "true") // the vendor gathers nothing: the relay cuts sentences itself
	path := "/v1/text-to-speech/" + voice + "/multi-stream-input?"
	return path + q.Encode() + "\n" + req.Tenant, nil
}

// query is what the addresses of all sockets have.
func (p *provider) query(req upstream.Request, opts *options, format audio.Format) url.Values {
	q := url.Values{
		"output_format":  {outputFormat(format)},
		"sync_alignment": {"true"}, // times come with the audio that they are of
	}
	if req.Model != "" {
		q.Set("model_id", req.Model)
	}
	if language := language(req.Language); language != "" {
		q.Set("language_code", language)
	}
	if !req.Normalize {
		q.Set("apply_text_normalization", "off") // of the others, auto is the default, and on is not for every model
	}
	if opts.Seed != nil {
		q.Set("seed", strconv.FormatInt(*opts.Seed, 10))
	}
	if !p.cfg.EnableLogging {
		q.Set("enable_logging", "false")
	}
	return q
}

// language is the vendor's name of a BCP 47 tag's language: ISO 639-1.
func language(tag string) string {
	primary, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	return primary
}

const (
	// inTurn is how many turns are at the vendor at once.
	inTurn = 1
	// dialogueIdle is the longest that a dialogue's socket is kept without a stream: with a quarter more, less than the 20 s of silence
	// after which the vendor closes one, which can't be asked to be longer.
	dialogueIdle = 15 * time.Second
)

// newDialogues is a pool of sockets for dialogues.
func newDialogues(env upstream.Env, cfg Config, d *dialect) *vendorsocket.Pool {
	return vendorsocket.NewAccount(vendorsocket.PoolConfig{
		Socket:       vendorsocket.SocketConfig{KeepAlive: keepAlive, RequestIDHeader: requestIDHeader},
		SingleUse:    true,
		AddressByKey: true,
		Idle:         min(cfg.Idle, dialogueIdle),
	}, env, upstream.Capabilities{StreamsPerSocket: 1}, dialogueDialect{d}).Pool
}

// openDialogue gives a stream a socket of its own. The vendor hears of it with the first piece.
func (p *provider) openDialogue(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	if req.Voice == "" {
		return nil, &upstream.Error{Kind: upstream.Rejected, Message: "the vendor needs a voice"}
	}
	opts := upstream.OptionsOf[options](req)
	format := audio.Nearest(req.Output, formats)
	s := &dialogue{
		Lifetime: upstream.NewLifetime(sink),
		opening: dialogueOpening{
			Voices: []string{req.Voice}, VoiceSettings: p.voiceSettings(req, opts), Dictionaries: opts.Dictionaries,
		},
		line: p.line(sink, format, inTurn),
	}
	s.line.perFrame = true
	key := "/v1/text-to-dialogue/stream-input?" + p.query(req, opts, format).Encode()
	if err := p.dialogues.Join(ctx, &s.seat, vendorsocket.Want{ID: req.ID, Key: key, Member: s}); err != nil {
		return nil, err
	}
	return s, nil
}
