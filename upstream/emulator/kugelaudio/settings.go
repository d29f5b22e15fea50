package kugelaudio

import (
	"encoding/json"
	"slices"

	"voicerelay/audio"
)

// voiceSettings is what works within voice_settings.
// The reference silently drops speed and temperature in there: those count at the top level alone. ElevenLabs' names (stability,
// similarity_boost and so on), which the JavaScript SDK sends as well, have no effect.
type voiceSettings struct {
	VoiceID  *json.Number `json:"voice_id"`
	CfgScale *float64     `json:"cfg_scale"`
	MaxNew   *int         `json:"max_new_tokens"`
}

// settings are the session's fields. They stick to the connection.
// It may come as a message of its own or within the first text, as both SDKs send it. auto_mode and chunk_length_schedule, which
// SDKs send too, are ignored: the newest reference says that there are no such settings.
type settings struct {
	VoiceID        *json.Number `json:"voice_id"` // on /ws/tts/multi it leaves contexts voiceless
	CfgScale       *float64     `json:"cfg_scale"`
	ModelID        string       `json:"model_id"`
	SampleRate     int          `json:"sample_rate"`
	OutputFormat   string       `json:"output_format"`
	WordTimestamps bool         `json:"word_timestamps"`
	Normalize      *bool        `json:"normalize"`
	Language       string       `json:"language"`
	Speed          *float64     `json:"speed"`
	Temperature    *float64     `json:"temperature"`
	ProjectID      *int         `json:"project_id"`
	DictionaryIDs  []int        `json:"dictionary_ids"`
	Inactivity     float64      `json:"inactivity_timeout"`
	MaxNewTokens   *int         `json:"max_new_tokens"`
	FlushTimeout   int          `json:"flush_timeout_ms"`
}

// frame is any message from a client. Unknown fields are ignored, as the vendor does.
// Frames have no type: they are told apart by the key that is there. keep_alive is of the Java SDK, and does nothing here that
// any frame of a known context would not do.
type frame struct {
	Text         *string         `json:"text"`
	ContextID    *string         `json:"context_id"`
	Flush        bool            `json:"flush"`
	CloseContext bool            `json:"close_context"`
	Immediate    bool            `json:"immediate"`
	Cancel       bool            `json:"cancel"`
	CloseSocket  bool            `json:"close_socket"`
	KeepAlive    bool            `json:"keep_alive"`
	Close        bool            `json:"close"` // the two on /ws/tts/stream only
	EndSession   bool            `json:"end_session"`
	Voice        *voiceSettings  `json:"voice_settings"`
	Update       json.RawMessage `json:"update_settings"`
}

// clone shares nothing with the original, into whose fields a later frame would be decoded.
func (s settings) clone() settings {
	s.VoiceID, s.Normalize = copied(s.VoiceID), copied(s.Normalize)
	s.Temperature, s.ProjectID = copied(s.Temperature), copied(s.ProjectID)
	s.Speed, s.CfgScale, s.MaxNewTokens = copied(s.Speed), copied(s.CfgScale), copied(s.MaxNewTokens)
	s.DictionaryIDs = slices.Clone(s.DictionaryIDs)
	return s
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// format is the audio format of the settings, or why there is none.
// The names are those of KugelAudio's docs, Audio formats: mono, no MP3 and no Opus. The two G.711 formats have 8000 Hz and one
// byte a sample.
func (s settings) format() (audio.Format, string) {
	formats := map[string]audio.Format{
		"pcm_8000": {Encoding: audio.PCM16, Rate: 8000}, "pcm_16000": {Encoding: audio.PCM16, Rate: 16000},
		"pcm_22050": {Encoding: audio.PCM16, Rate: 22050}, "pcm_24000": {Encoding: audio.PCM16, Rate: 24000},
		"ulaw_8000": {Encoding: audio.MuLaw, Rate: 8000}, "alaw_8000": {Encoding: audio.ALaw, Rate: 8000},
	}
	if s.OutputFormat != "" {
		f, ok := formats[s.OutputFormat]
		if !ok {
			return f, "unknown output_format"
		}
		// A sample_rate of 24000 is the default, so it contradicts no output_format.
		if s.SampleRate != 0 && s.SampleRate != 24000 && s.SampleRate != f.Rate {
			return f, "output_format and sample_rate disagree"
		}
		return f, ""
	}
	switch s.SampleRate {
	case 0:
		return audio.Format{Encoding: audio.PCM16, Rate: 24000}, ""
	case 8000, 16000, 22050, 24000, 44100:
		return audio.Format{Encoding: audio.PCM16, Rate: s.SampleRate}, ""
	}
	return audio.Format{}, "unknown sample_rate"
}

// fault is what is wrong with the settings, or empty.
// The ranges are those of KugelAudio's docs, Generate. Speed and temperature out of range are refused. cfg_scale is not looked
// at: the reference draws it into 1.2 to 2.5, which can't be heard of an emulator's voice.
func (s settings) fault() string {
	if _, wrong := s.format(); wrong != "" {
		return wrong
	}
	switch {
	case s.Speed != nil && (*s.Speed < 0.8 || *s.Speed > 1.2):
		return "speed must be between 0.8 and 1.2"
	case s.Temperature != nil && (*s.Temperature < 0 || *s.Temperature > 1):
		return "temperature must be between 0 and 1"
	// The reference allows up to 10 characters and wants ISO 639-1; that de-DE is refused too is the SDKs' own check.
	case len(s.Language) > 10:
		return "language must be an ISO 639-1 code"
	// Dictionaries belong to a project. An empty list means none of them, so it needs no project.
	case len(s.DictionaryIDs) > 0 && s.ProjectID == nil:
		return "dictionary_ids needs project_id"
	case len(s.DictionaryIDs) > 50:
		return "dictionary_ids has more than 50 entries"
	case s.MaxNewTokens != nil && (*s.MaxNewTokens < 1 || *s.MaxNewTokens > 8192):
		return "max_new_tokens must be between 1 and 8192"
	}
	return ""
}

// speed is the factor that holds.
func (s settings) speed() float64 {
	if s.Speed == nil {
		return 1
	}
	return *s.Speed
}

// normalizes reports whether numbers are spoken as words.
func (s settings) normalizes() bool { return s.Normalize == nil || *s.Normalize }

// lastVoice is the highest voice id that the emulator knows; they begin at 1. It has no list of the vendor's voices, so any number
// that may be one is taken, and tests of an unknown voice name a larger one.
const lastVoice = 1_000_000

// knownVoice reports whether there is such a voice.
func knownVoice(id json.Number) bool {
	n, err := id.Int64()
	return err == nil && n >= 1 && n <= lastVoice
}
