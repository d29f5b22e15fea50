package elevenlabs

import (
	"encoding/json"

	"voicerelay/upstream/emulator/engine"
)

// wire is how a kind of socket writes its messages.
type wire interface {
	// read takes a client's.
	read(data []byte) (message, error)
	// chunk has audio, and when its characters are spoken; nil: that is not told.
	chunk(audio string, asWritten, asSaid engine.Object) engine.Object
	// flushed follows all audio up to a flush; nil: nothing does.
	flushed() engine.Object
	// final is a context's last.
	final() engine.Object
	// name has a frame say which context it is of.
	name(frame engine.Object, id string)
}

// message is any message from a client. Unknown fields are ignored; null is the same as missing.
// The key may come in the first message for those that can't set headers: the schema writes xi-api-key and authorization, its
// examples xi_api_key.
type message struct {
	Text         *string     `json:"text"`
	ContextID    *string     `json:"context_id"`
	Flush        bool        `json:"flush"`
	CloseContext bool        `json:"close_context"`
	CloseSocket  bool        `json:"close_socket"`
	Settings     *setting    `json:"voice_settings"`
	Generation   *generation `json:"generation_config"` // of a context's first message

	// The key, in any of its spellings.
	Key           string `json:"xi_api_key"`
	HeaderKey     string `json:"xi-api-key"`
	Authorization string `json:"authorization"`

	inputs []input

	// Of a dialogue.
	voices    []string // that the context's first message registers
	keepAlive bool
}

// input is a text to speak.
type input struct {
	text string

	// Of a dialogue.
	voice   string
	newTurn bool
}

// setting is what sounds different. What is missing has its default.
// The defaults and the range of speed are the schema's. A client that leaves a field out in one message, and says its default
// in another, has not changed anything.
type setting struct {
	Stability  float64 `json:"stability"`        // 0 to 1
	Similarity float64 `json:"similarity_boost"` // 0 to 1
	Style      float64 `json:"style"`            // 0 to 1
	Boost      bool    `json:"use_speaker_boost"`
	Speed      float64 `json:"speed"` // 0.7 to 1.2
}

// UnmarshalJSON implements json.Unmarshaler: it puts the defaults under what is said.
func (s *setting) UnmarshalJSON(data []byte) error {
	type plain setting
	p := plain(usual())
	err := json.Unmarshal(data, &p)
	*s = setting(p)
	return err
}

// usual are the settings of a context that is given none.
func usual() setting {
	return setting{Stability: 0.5, Similarity: 0.75, Boost: true, Speed: 1}
}

// speed is how fast a context speaks, or what is wrong with its settings.
func (q quirks) speed(s setting) (speed float64, wrong *failure) {
	const slowest, fastest = 0.7, 1.2
	speed = min(max(s.Speed, slowest), fastest)
	inRange := speed == s.Speed
	for _, share := range []float64{s.Stability, s.Similarity, s.Style} {
		inRange = inRange && share >= 0 && share <= 1
	}
	if !inRange && !q.clamps {
		return 0, invalid("voice_settings are out of range.")
	}
	return speed, nil
}

type generation struct {
	Schedule []int `json:"chunk_length_schedule"` // characters
}

// schedule is when a context's text is spoken, or what is wrong with what it asks for.
// The default and the bounds are the schema's, in characters; the last number repeats.
func (m message) schedule() (schedule []int, wrong *failure) {
	const least, most = 50, 500
	if m.Generation == nil || len(m.Generation.Schedule) == 0 {
		return []int{120, 160, 250, 290}, nil
	}
	for _, n := range m.Generation.Schedule {
		if n < least || n > most {
			return nil, invalid("chunk_length_schedule must have numbers between 50 and 500.")
		}
	}
	return m.Generation.Schedule, nil
}

// id is the context that the message is for.
func (m message) id() string {
	if m.ContextID == nil {
		return defaultContext
	}
	return *m.ContextID
}

// keepsAlive reports whether the message only says that the client is still there.
// An empty text is the keep-alive on this socket, and the end of input on the one of a single context. A dialogue's has a name.
func (m message) keepsAlive() bool {
	return m.keepAlive || m.Text != nil && *m.Text == "" && !m.Flush && !m.CloseContext
}
