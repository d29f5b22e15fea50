package deepgram

// aura is the first version, /v1/speak.
var aura = &version{
	path: "/v1/speak", slowest: 0.7, fastest: 1.5, clears: true,
	newWire: func() wire { return &auraWire{} },
}

// auraWire counts the answers of one session: those to Flush and to Clear together.
type auraWire struct{ sequence int }

// auraMetadata is what the client hears first.
type auraMetadata struct {
	Type         string `json:"type"`
	RequestID    string `json:"request_id"`
	ModelName    string `json:"model_name"`
	ModelVersion string `json:"model_version"`
	ModelUUID    string `json:"model_uuid"`
}

// auraAnswer is Flushed or Cleared.
type auraAnswer struct {
	Type     string `json:"type"`
	Sequence int    `json:"sequence_id"`
}

func (w *auraWire) opened(session, model string) any {
	return auraMetadata{"Metadata", session, model, modelVersion, uuidOf(model)}
}

func (w *auraWire) started(string) any { return nil }

func (w *auraWire) ended(t *turn) []any {
	answers := make([]any, t.flushes)
	for i := range answers {
		answers[i] = w.answer("Flushed")
	}
	return answers
}

func (w *auraWire) left() any { return nil }

// answer is the next in sequence.
func (w *auraWire) answer(kind string) auraAnswer {
	a := auraAnswer{kind, w.sequence}
	w.sequence++
	return a
}

// cleared answers a Clear.
func (w *auraWire) cleared() any { return w.answer("Cleared") }
