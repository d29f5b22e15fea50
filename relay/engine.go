package relay

import (
	"time"

	"github.com/rs/zerolog"

	"voicerelay/awake"
	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/relay/conversations"
	"voicerelay/relay/metrics"
	"voicerelay/relay/position"
	"voicerelay/relay/providers"
	"voicerelay/relay/refusals"
	"voicerelay/relay/running"
	"voicerelay/relay/trace"
	"voicerelay/routing"
)

// Engine speaks generations. It is safe for concurrent use.
type Engine struct {
	// Static after NewEngine.
	voices     *position.VoiceModels
	firstAudio *routing.FirstAudio
	rawNames   providers.RawNames
	store      limits.Store
	budgets    limits.Budgets // nil: none
	ledger     Ledger
	awake      *awake.Clock
	metrics    *metrics.Metrics
	calls      *conversations.Registry
	tracer     trace.Tracer // nil: nobody wants to see generations
	onRefusal  func(billing.Record, *refusals.Error)
	circuits   func(routing.Target, routing.State) // nil: nobody is told
	log        zerolog.Logger

	running running.Set[*StopCause] // has a lock of its own
}

// EngineParts are what an engine works with.
type EngineParts struct {
	// Store is what generations are admitted by.
	Store limits.Store
	// Budgets is what tenants may spend; nil: no tenant has a budget. Ledger is where generations are recorded, nil: nowhere.
	Budgets limits.Budgets
	Ledger  Ledger
	// Awake tells time in which the process runs; nil: it always does.
	Awake   *awake.Clock
	Metrics *metrics.Metrics
	// Conversations remembers who was heard in them; nil: it shares nothing with other relays.
	Conversations *conversations.Registry
	// Tracer shows generations; nil: nobody wants to see them.
	Tracer trace.Tracer
	// OnRefusal is told of each generation that is not admitted, as what its record would be; nil: nobody is.
	OnRefusal func(r billing.Record, err *refusals.Error)
	// Circuits is told of each circuit that opens or closes; nil: nobody is. It must not wait.
	Circuits func(t routing.Target, s routing.State)
	Log      zerolog.Logger
}

// NewEngine is an engine that has heard no provider yet.
func NewEngine(parts EngineParts) *Engine {
	e := &Engine{
		voices:     position.NewVoiceModels(),
		firstAudio: routing.NewFirstAudio(),
		store:      parts.Store,
		budgets:    parts.Budgets,
		ledger:     parts.Ledger,
		awake:      parts.Awake,
		metrics:    parts.Metrics,
		calls:      parts.Conversations,
		tracer:     parts.Tracer,
		onRefusal:  parts.OnRefusal,
		circuits:   parts.Circuits,
		log:        parts.Log,
	}
	if e.onRefusal == nil {
		e.onRefusal = func(billing.Record, *refusals.Error) {}
	}
	if e.calls == nil {
		e.calls = new(conversations.Registry)
	}
	if e.ledger == nil {
		e.ledger = unrecorded{}
	}
	return e
}

// NewSetup is a setup in which no circuit is open.
func (e *Engine) NewSetup(cfg providers.Config) *providers.Setup {
	return providers.New(cfg, e.circuitChanged)
}

// circuitChanged tells operators of a circuit that opens or closes.
func (e *Engine) circuitChanged(t routing.Target, s routing.State) {
	e.log.Warn().Str("provider", t.Provider).Str("model", t.Model).Str("circuit", string(s)).Msg("circuit changed")
	if e.circuits != nil {
		e.circuits(t, s)
	}
}

// FirstAudio is how long attempts at a provider took to their first audio of late, half of the time and in 95 of 100 cases;
// false: it was not heard yet.
func (e *Engine) FirstAudio(provider string) (p50, p95 time.Duration, heard bool) {
	return e.firstAudio.Quantiles(provider)
}

// Forget lets a provider be as one that was not heard yet: it may be another one under the same name.
func (e *Engine) Forget(provider string) { e.firstAudio.Forget(provider) }

// backupMargin is for what usual times to a first audio leave out: half of all starts take longer than usual.
const backupMargin = 150 * time.Millisecond

// backupTakes is how long before its first audio is needed a backup must be opened.
func (e *Engine) backupTakes(provider string) time.Duration {
	return e.firstAudio.Usual(provider) + backupMargin
}

// Running tells of the generations under way, of at most so many one by one.
func (e *Engine) Running(most int) running.Summary { return e.running.Summary(most) }

// RunningCount is how many generations are under way.
func (e *Engine) RunningCount() int { return e.running.Count() }

// Stop ends the generation with a record's id from our side. It reports false where there is none that runs.
func (e *Engine) Stop(recordID string, cause *StopCause) bool { return e.running.Stop(recordID, cause) }
