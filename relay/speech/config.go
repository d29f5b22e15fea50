package speech

import (
	"time"
	"unicode/utf8"

	"voicerelay/audio"
	"voicerelay/awake"
	"voicerelay/billing"
	"voicerelay/relay/position"
	"voicerelay/text"
	"voicerelay/upstream"
)

// Config is what a speech is of, and goes by.
type Config struct {
	// Text is the generation's, which may grow; From is where in it the speech begins.
	Text *text.Buffer
	From int
	// Cutting bounds the generation's short pieces, Schedule is how its route has text cut.
	Cutting  *Cutting
	Schedule text.Schedule
	// Rivals: another target could take over.
	Rivals bool
	// Speed is as the client asked; 1: as usual.
	Speed  float64
	Output audio.Format // of what the client gets
	// Voice is who speaks, Caps what its vendor can do; Voices is what is known of how voices speak, and learns from this speech.
	Voice  position.VoiceKey
	Caps   upstream.Capabilities
	Voices *position.VoiceModels
	// FirstAudioTimeout is how long a vendor may take to its first audio, StallTimeout how long it may be silent after that.
	FirstAudioTimeout, StallTimeout time.Duration
	Client                          Client
	Buffer                          time.Duration // most audio that may wait for the client
	Awake                           *awake.Clock
	Began                           time.Time // when the vendor was asked
}

// Client is where the audio goes.
type Client interface {
	// TurnCame is when the client began to wait for this generation; false: it hears another one.
	TurnCame() (time.Time, bool)
	// HasRoom reports whether fewer samples wait for the client than that.
	HasRoom(samples int64) bool
	// InHand is the audio that the client has, and has not played by now.
	InHand(now time.Time) time.Duration
}

// Pieces for a target without word times, if another target could take over. Where such a voice fails within a piece can only
// be estimated, so pieces are short: the longest piece, and the length from which a piece may end with a clause. A pause is
// heard between two pieces, so clauses are not cut further if it can be helped. In characters.
const (
	UntimedPiece   = 120
	untimedClause  = 60
	unheardPhrases = 30 // in place of untimedClause for a voice that was never heard: the ends of pieces show how fast it speaks
)

// schedule is how text is cut for this target.
func (c *Config) schedule() text.Schedule {
	schedule := c.Schedule
	if c.Caps.WordTimes == upstream.WordTimesNone && c.Rivals {
		schedule.Max = min(schedule.Max, UntimedPiece)
		schedule.Clause = untimedClause
		if c.Voices.Of(c.Voice).Pieces == 0 {
			schedule.Clause = unheardPhrases
		}
	}
	return schedule
}

// speed is the one that the vendor speaks at.
func (c *Config) speed() float64 { return c.Caps.ClampSpeed(c.Speed) }

// Time is about how long a text takes at a speed.
func Time(text string, speed float64) time.Duration {
	return time.Duration(float64(billing.SpeechTime(int64(utf8.RuneCountInString(text)))) / speed)
}

// longest is about how long a text may well take, whatever there is to say in it.
func longest(s string, speed float64) time.Duration {
	return time.Duration(float64(billing.SpeechTime(int64(text.SpokenLength(s)))) / speed)
}
