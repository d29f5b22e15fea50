package command

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/rs/zerolog"

	"voicerelay/audio"
	"voicerelay/awake"
	"voicerelay/program"
	"voicerelay/upstream"
)

// Driver is the adapter's entry in the list of drivers.
var Driver = upstream.NewDriver("command", defaults(),
	func(cfg Config, env upstream.Env) (upstream.Provider, error) { return open(cfg, env) }).
	WithCodes(codes).WithVoices()

// provider speaks by one configured command.
type provider struct {
	// Static after open.
	cfg    Config
	voices []string
	awake  *awake.Clock
	log    zerolog.Logger
	runner *runner

	// Guarded by mu.
	mu     sync.Mutex
	closed bool

	wg sync.WaitGroup // a goroutine per stream
}

// open makes a provider, which starts nothing and makes no folder before there is something to speak.
func open(cfg Config, env upstream.Env) (*provider, error) {
	if err := checkPaths(cfg.Command, env.Voices); err != nil {
		return nil, err
	}
	owner, err := program.ParseAccount(cfg.User)
	if err != nil {
		return nil, &upstream.EnvError{Field: "options.user", Reason: err.Error()}
	}
	return &provider{
		cfg:    cfg,
		voices: env.Voices,
		awake:  env.Awake,
		log:    env.Log,
		runner: newRunner(cfg, owner),
	}, nil
}

// Warm takes away what programs left whose relay was killed.
func (p *provider) Warm(context.Context) {
	if err := p.runner.launcher.Sweep(); err != nil {
		p.log.Warn().Err(err).Msg("folders of programs could not be cleaned")
	}
}

// Capabilities says what any program can do: what it is told of a text is a voice. All of it follows from how the
// program is run, not from what its maker says.
func (p *provider) Capabilities() upstream.Capabilities {
	caps := upstream.Capabilities{
		PieceEnds:        upstream.PieceEndsExact,
		WordTimes:        upstream.WordTimesNone,
		Cancel:           upstream.CancelConfirmed, // a killed program is seen to have ended
		StreamsPerSocket: 1,
		MinSpeed:         1,
		MaxSpeed:         1,
		Known: upstream.Known{
			PieceEnds: upstream.Proven, WordTimes: upstream.Proven, Cancel: upstream.Proven, Cost: upstream.Proven,
		},
	}
	if p.cfg.Output.Encoding != audio.WAV { // else it is known when the program speaks
		caps.Formats = []audio.Format{p.cfg.Output.format()}
	}
	return caps
}

// ParseOptions takes an empty object only, since clients have no say in how a program is run.
func (p *provider) ParseOptions(raw json.RawMessage) (any, error) {
	return nil, upstream.NoOptions(raw)
}

// Open makes a stream. No program runs before there is a piece.
func (p *provider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	if ctx.Err() != nil {
		return nil, &upstream.Error{Kind: upstream.Canceled, Message: "cancelled before it began", Err: context.Cause(ctx)}
	}
	if !slices.Contains(p.voices, req.Voice) {
		return nil, unknownVoice.Error("")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, &upstream.Error{Kind: upstream.ConnectFailed, Message: "provider is closed"}
	}
	life, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	s := &stream{
		runner: p.runner,
		awake:  p.awake,
		sink:   sink,
		voice:  req.Voice,
		pieces: make(chan upstream.Piece, queued),
		stop:   stop,
		over:   make(chan struct{}),
	}
	p.wg.Go(func() { s.run(life) })
	return s, nil
}

// Close refuses further streams and waits for those open, which their owners must have closed, and for their programs.
func (p *provider) Close() error {
	p.mu.Lock()
	again := p.closed
	p.closed = true
	p.mu.Unlock()
	p.wg.Wait()
	if again {
		return nil
	}
	return p.runner.close()
}
