package routing

import (
	"fmt"
	"slices"
	"time"

	"voicerelay/config/check"
)

// Config is what a Table is made of. Names are unique, and every target's provider is among Providers.
type Config struct {
	// Providers are the names of those that can speak.
	Providers []string
	// Routes and Voices are in the order of the file.
	Routes []Route
	Voices []Voice
}

// Route is a list of targets, and how to go about them.
type Route struct {
	// Name is what clients call it.
	Name string `yaml:",key"`
	// Voice is the alias that is used where a client names none; else the first of Voices that fits a target.
	Voice string `yaml:"voice"`
	// Targets are tried in this order.
	Targets []Target `yaml:"targets"`
	Pace    `yaml:",inline"`
}

// Target is a provider with one of its models.
type Target struct {
	// Provider is a provider's name in the configuration.
	Provider string `yaml:"provider"`
	// Model is the vendor's name of it, or empty where the vendor has none or its own default is wanted.
	Model string `yaml:"model"`
}

// String is the target as a raw route names it: provider/model, or the provider alone.
func (t Target) String() string {
	if t.Model == "" {
		return t.Provider
	}
	return t.Provider + "/" + t.Model
}

// Voice is an alias.
type Voice struct {
	// Name is what clients call it.
	Name string `yaml:",key"`
	// Language is a BCP 47 tag, or empty.
	Language string `yaml:"language"`
	// IDs are the vendors' own ids, by "provider" or, ahead of that, "provider/model".
	IDs map[string]string `yaml:"ids"`
}

// Strategy is how a route orders its targets.
type Strategy string

// The strategies.
const (
	Priority Strategy = "priority" // as configured
	Fastest  Strategy = "fastest"  // by observed first audio
)

// Failback is when a generation begins at the first target of its route again after another one took over.
type Failback string

// The failbacks.
const (
	// FailbackConversation: with the next conversation.
	FailbackConversation Failback = "conversation"
	// FailbackContext: with the next context, of the same conversation too.
	FailbackContext Failback = "context"
)

// Pace is how a route goes about its targets: its patience, and the pieces that text is cut into.
type Pace struct {
	// Strategy orders the targets; priority.
	Strategy Strategy `yaml:"strategy"`
	// Failback is when the first target is tried again after another one took over; conversation.
	Failback Failback `yaml:"failback"`
	// FirstAudioTimeout runs from an attempt's start, connecting included; 1500ms.
	FirstAudioTimeout time.Duration `yaml:"first_audio_timeout"`
	// StallTimeout runs while the vendor owes audio and sends nothing; 2s.
	StallTimeout time.Duration `yaml:"stall_timeout"`
	// HedgeAfter starts a second target if the first has not spoken; 700ms, 0 is off.
	HedgeAfter time.Duration `yaml:"hedge_after"`
	// QueuePatience is the wait for a slot at a full vendor before the next target is tried; 100ms.
	QueuePatience time.Duration `yaml:"queue_patience"`
	// MaxAttempts bounds the tries of one generation; 4.
	MaxAttempts int `yaml:"max_attempts"`
	// Cushion is the audio in the client's hand before any is held back; 600ms.
	Cushion time.Duration `yaml:"cushion"`
	// ChunkSchedule is the characters to gather before each piece, the last value for all later ones; 40, 120, 250.
	ChunkSchedule []int `yaml:"chunk_schedule"`
	// MaxPartialLength is the longest piece in characters; 250.
	MaxPartialLength int `yaml:"max_partial_length"`
}

// DefaultPace is the pace of a route where the configuration says nothing, and of raw targets.
func DefaultPace() Pace {
	return Pace{
		Strategy:          Priority,
		Failback:          FailbackConversation,
		FirstAudioTimeout: 1500 * time.Millisecond,
		StallTimeout:      2 * time.Second,
		HedgeAfter:        700 * time.Millisecond,
		QueuePatience:     100 * time.Millisecond,
		MaxAttempts:       4,
		Cushion:           600 * time.Millisecond,
		ChunkSchedule:     []int{40, 120, 250},
		MaxPartialLength:  250,
	}
}

// DefaultRoute is a route where the configuration says nothing.
func DefaultRoute() Route { return Route{Pace: DefaultPace()} }

// Bounds of the configuration. Pieces are held in memory, and no vendor takes longer ones.
const (
	maxTargets     = 16
	maxAttempts    = 16
	maxWait        = time.Minute
	maxPieceLength = 10_000
	maxSchedule    = 32
)

// Validate reports each field that is invalid by itself, by its name in the configuration. Whether the names in it exist
// is checked where the whole configuration is known.
func (r Route) Validate(report func(field, reason string)) {
	if len(r.Targets) > maxTargets {
		report("targets", fmt.Sprintf("must be at most %d", maxTargets))
	}
	for i, t := range r.Targets {
		if slices.Contains(r.Targets[:i], t) {
			report(fmt.Sprintf("targets[%d]", i), "is there twice")
		}
	}
	r.Pace.validate(report)
}

func (p Pace) validate(report func(field, reason string)) {
	if p.Strategy != Priority && p.Strategy != Fastest {
		report("strategy", fmt.Sprintf("must be %s or %s, not %q", Priority, Fastest, string(p.Strategy)))
	}
	if p.Failback != FailbackConversation && p.Failback != FailbackContext {
		report("failback", fmt.Sprintf("must be %s or %s, not %q", FailbackConversation, FailbackContext, string(p.Failback)))
	}
	check.Range(report, "first_audio_timeout", p.FirstAudioTimeout, time.Millisecond, maxWait)
	check.Range(report, "stall_timeout", p.StallTimeout, time.Millisecond, maxWait)
	check.Range(report, "hedge_after", p.HedgeAfter, 0, maxWait)
	check.Range(report, "queue_patience", p.QueuePatience, 0, maxWait)
	check.Range(report, "cushion", p.Cushion, 0, maxWait)
	check.Range(report, "max_attempts", p.MaxAttempts, 1, maxAttempts)
	check.Range(report, "max_partial_length", p.MaxPartialLength, 1, maxPieceLength)
	if n := len(p.ChunkSchedule); n == 0 || n > maxSchedule {
		report("chunk_schedule", fmt.Sprintf("must have 1 to %d values", maxSchedule))
	}
	for i, gather := range p.ChunkSchedule {
		check.Range(report, fmt.Sprintf("chunk_schedule[%d]", i), gather, 1, maxPieceLength)
	}
}

// Validate reports each field that is invalid by itself, by its name in the configuration, apart from Language.
func (v Voice) Validate(report func(field, reason string)) {
	if len(v.IDs) == 0 {
		report("ids", "must have at least one")
	}
	for key, id := range v.IDs {
		if id == "" {
			report("ids."+key, "is empty")
		}
	}
}
