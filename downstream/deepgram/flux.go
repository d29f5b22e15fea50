package deepgram

import "time"

// flux is the second version, /v2/speak.
var flux = &version{
	path: "/v2/speak", slowest: 0.5, fastest: 1.5, stepped: true, interrupts: true,
	newWire: func() wire { return &fluxWire{} },
}

// fluxWire keeps the sums of one session.
type fluxWire struct {
	// at is the session's clock: the audio of all turns that have ended, and of interrupted ones what was played.
	at         time.Duration
	characters int
	// interrupted is where on that clock the client was at its last Interrupt, and last the turn that ended last, after which
	// nothing came. The client may still be playing it.
	interrupted time.Duration
	last        *turn
}

// fluxConnected is what the client hears first.
type fluxConnected struct {
	Type         string   `json:"type"`
	RequestID    string   `json:"request_id"`
	ModelName    string   `json:"model_name"`
	ModelVersion string   `json:"model_version"`
	ModelUUIDs   []string `json:"model_uuids"`
}

// fluxMark is SpeechStarted or Flushed.
type fluxMark struct {
	Type   string `json:"type"`
	Speech string `json:"speech_id"`
}

// fluxSums is what a turn used.
type fluxSums struct {
	Speech     string       `json:"speech_id"`
	AudioMS    int64        `json:"audio_duration_ms"`
	Characters int          `json:"input_character_count"`
	Billable   int          `json:"billable_character_count"`
	Controls   fluxControls `json:"controls_applied"`
}

// fluxControls counts controls within the text, of which we apply none.
type fluxControls struct {
	Pronunciations int `json:"pronunciations_applied"`
	Breaks         int `json:"breaks_applied"`
	Warnings       int `json:"pronunciation_warnings"`
}

// fluxMetadata ends a turn.
type fluxMetadata struct {
	Type string `json:"type"`
	fluxSums
}

// fluxInterrupted ends a turn that was interrupted.
type fluxInterrupted struct {
	Type      string   `json:"type"`
	PlayedMS  int64    `json:"audio_played_ms"`
	Spoken    *string  `json:"text_spoken,omitempty"`
	Remaining *string  `json:"text_remaining,omitempty"`
	Metadata  fluxSums `json:"metadata"`
}

// fluxTotals answers a Close.
type fluxTotals struct {
	Type       string `json:"type"`
	AudioMS    int64  `json:"total_audio_duration_ms"`
	Characters int    `json:"total_input_character_count"`
	Billable   int    `json:"total_billable_character_count"`
}

func (w *fluxWire) opened(session, model string) any {
	return fluxConnected{"Connected", session, model, modelVersion, []string{uuidOf(model)}}
}

func (w *fluxWire) started(speech string) any { return fluxMark{"SpeechStarted", speech} }

func (w *fluxWire) ended(t *turn) []any {
	w.count(t, t.heard())
	w.last = t
	if t.flushes == 0 { // Close has ended it
		return []any{fluxMetadata{"SpeechMetadata", t.sums()}}
	}
	var all []any
	for i := range t.flushes {
		if i > 0 {
			t = newTurn() // a Flush without text is a turn as well
		}
		if t.silent || !t.failed && t.heard() == 0 {
			all = append(all, warning("NO_SYNTHESIZABLE_TEXT", "there was nothing to speak in the text"))
		}
		all = append(all, fluxMark{"Flushed", t.speech}, fluxMetadata{"SpeechMetadata", t.sums()})
	}
	return all
}

func (w *fluxWire) left() any {
	return fluxTotals{"SessionMetadata", w.at.Milliseconds(), w.characters, w.characters}
}

// count adds a turn to the session's sums, of which the client has played so much.
func (w *fluxWire) count(t *turn, played time.Duration) {
	w.at += played
	w.characters += t.characters
}

// sums is what a turn used.
func (t *turn) sums() fluxSums {
	return fluxSums{Speech: t.speech, AudioMS: t.heard().Milliseconds(), Characters: t.characters, Billable: t.characters}
}
