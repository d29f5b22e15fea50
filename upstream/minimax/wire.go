package minimax

import "encoding/json"

// The events that matter here. The vendor spells canceled with one l.
const (
	eventStart    = "task_start"
	eventContinue = "task_continue"
	eventFlush    = "task_flush"
	eventCancel   = "task_cancel"

	eventConnected = "connected_success"
	eventStarted   = "task_started"
	eventAudio     = "task_continued"
	eventFlushed   = "task_flushed"
	eventCanceled  = "task_canceled"
	eventFinished  = "task_finished"
	eventFailed    = "task_failed"
)

// start opens the one session of a socket. It is also its streams' key: they share a socket where they would start it alike.
type start struct {
	Event           string       `json:"event"`
	Model           string       `json:"model"`
	Voice           voiceSetting `json:"voice_setting"`
	Audio           audioSetting `json:"audio_setting"`
	LanguageBoost   string       `json:"language_boost,omitempty"`
	Pronunciation   *tones       `json:"pronunciation_dict,omitempty"`
	ContinuousSound bool         `json:"continuous_sound,omitempty"` // of speech-2.8
}

type voiceSetting struct {
	VoiceID       string   `json:"voice_id"`
	Speed         float64  `json:"speed,omitempty"` // 0.5 to 2
	Volume        *float64 `json:"vol,omitempty"`   // above 0, to 10
	Pitch         *int64   `json:"pitch,omitempty"` // -12 to 12
	Emotion       *string  `json:"emotion,omitempty"`
	Normalization bool     `json:"english_normalization,omitempty"`
}

type audioSetting struct {
	SampleRate int    `json:"sample_rate"` // hertz
	Format     string `json:"format"`      // pcm
	Channel    int    `json:"channel"`
}

type tones struct {
	Tone []string `json:"tone"`
}

// text appends to what is spoken.
type text struct {
	Event string `json:"event"`
	Text  string `json:"text"`
}

// order is a message that has nothing but its event.
type order struct {
	Event string `json:"event"`
}

// encode is a message's JSON, which it always has.
func encode(message any) []byte {
	data, _ := json.Marshal(message)
	return data
}

// frame is any frame from the vendor.
type frame struct {
	Event     string `json:"event"`
	ConnectID string `json:"connect_id"`
	Data      *struct {
		Audio string `json:"audio"` // hexadecimal
	} `json:"data"`
	BaseResp struct {
		StatusCode int `json:"status_code"` // 0: all is well
	} `json:"base_resp"`
	TraceID json.RawMessage `json:"trace_id"`   // a string, of one request
	Final   json.RawMessage `json:"is_final"`   // true on the last frame of a synthesis
	Extra   json.RawMessage `json:"extra_info"` // of a synthesis, as extra
}

// extra is what is told of a synthesis, of a part of its piece or of all.
type extra struct {
	Characters int64 `json:"usage_characters"` // that are charged
}

// charged are the characters that a synthesis is charged for, on its last frame; 0: they are not told.
func (f *frame) charged() (characters int64, last bool) {
	if string(f.Final) != "true" {
		return 0, false // where others tell it too it is the same again
	}
	var e extra
	if json.Unmarshal(f.Extra, &e) != nil {
		return 0, true
	}
	return e.Characters, true
}
