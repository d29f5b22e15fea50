package cartesia

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"time"

	"voicerelay/audio"
)

// message is any message from a client: a generation request, or a cancel. Unknown fields are ignored.
type message struct {
	ModelID          string          `json:"model_id"`
	Transcript       *string         `json:"transcript"`
	Voice            json.RawMessage `json:"voice"` // {mode, id}, or in newer versions an id alone
	OutputFormat     *outputFormat   `json:"output_format"`
	ContextID        string          `json:"context_id"`
	Language         string          `json:"language"`
	Locale           string          `json:"locale"`
	Continue         bool            `json:"continue"`
	Flush            bool            `json:"flush"`
	MaxBufferDelayMS *int            `json:"max_buffer_delay_ms"`
	AddTimestamps    bool            `json:"add_timestamps"`
	GenerationConfig struct {
		Speed  *float64 `json:"speed"`
		Volume *float64 `json:"volume"`
	} `json:"generation_config"`
	Cancel bool `json:"cancel"`
}

type outputFormat struct {
	Container  string `json:"container"`
	Encoding   string `json:"encoding"`
	SampleRate int    `json:"sample_rate"`
}

// structuredErrors is the version from which errors are objects, rather than one text.
const structuredErrors = "2026-03-01"

// settings are what a context is opened with. They compare.
type settings struct {
	model, voice, language string
	format                 audio.Format
	speed                  float64
	times                  bool
	delay                  time.Duration // for which text is gathered
}

// modelPattern is a model's name: one of the families, and perhaps the day of a snapshot.
// It takes the names that docs and clients use. The SDK settles that another name is refused with model_not_found.
var modelPattern = regexp.MustCompile(`^sonic(-(2|3|3\.[0-9]+|latest|turbo|english|multilingual))?(-20[0-9]{2}-[0-9]{2}-[0-9]{2})?$`)

// fixed are the settings that may not change within a context.
func (s settings) fixed() settings {
	return settings{model: s.model, voice: s.voice, language: s.language, format: s.format}
}

// settings are a request's, or what is wrong with it.
// The ranges are the API reference's: 0 to 5000 ms (3000 by default), speed 0.6 to 1.5, volume 0.5 to 2. Volume and emotion
// can't be heard here.
func (m message) settings(version string) (s settings, wrong *failure) {
	s = settings{model: m.ModelID, language: m.Language + m.Locale, speed: 1, times: m.AddTimestamps, delay: bufferDelay}
	var ok bool
	if s.voice, ok = m.voice(version); !ok {
		return s, invalid("voice is required")
	}
	if s.format, ok = m.OutputFormat.format(); !ok {
		return s, invalid("output_format is invalid")
	}
	if d := m.MaxBufferDelayMS; d != nil {
		s.delay = time.Duration(*d) * time.Millisecond
	}
	if speed := m.GenerationConfig.Speed; speed != nil {
		s.speed = *speed
	}
	volume := m.GenerationConfig.Volume
	switch {
	case m.ModelID == "":
		return s, invalid("model_id is required")
	case !modelPattern.MatchString(m.ModelID):
		return s, &failure{status: http.StatusBadRequest, code: "model_not_found", title: "Model not found", message: "The model does not exist"}
	case m.Transcript == nil:
		return s, invalid("transcript is required")
	case s.delay < 0 || s.delay > 5*time.Second:
		return s, invalid("max_buffer_delay_ms must be from 0 to 5000")
	case s.speed < 0.6 || s.speed > 1.5:
		return s, invalid("speed must be from 0.6 to 1.5")
	case volume != nil && (*volume < 0.5 || *volume > 2):
		return s, invalid("volume must be from 0.5 to 2")
	}
	return s, nil
}

// voice is the request's voice id.
// A plain id is of newer versions. Which one brought it is not documented: here it is the one that brought structured errors.
// Embeddings are not emulated.
func (m message) voice(version string) (id string, ok bool) {
	if json.Unmarshal(m.Voice, &id) == nil {
		return id, id != "" && version >= structuredErrors
	}
	var named struct {
		Mode string `json:"mode"`
		ID   string `json:"id"`
	}
	if json.Unmarshal(m.Voice, &named) != nil {
		return "", false
	}
	return named.ID, named.Mode == "id" && named.ID != ""
}

// format is the audio format asked for.
// The socket takes the container "raw" only; wav and mp3 are the HTTP calls'.
func (f *outputFormat) format() (audio.Format, bool) {
	if f == nil || f.Container != "raw" || !slices.Contains([]int{8000, 16000, 22050, 24000, 44100, 48000}, f.SampleRate) {
		return audio.Format{}, false
	}
	encodings := map[string]audio.Encoding{
		"pcm_f32le": audio.PCMF32, "pcm_s16le": audio.PCM16, "pcm_mulaw": audio.MuLaw, "pcm_alaw": audio.ALaw,
	}
	encoding, ok := encodings[f.Encoding]
	return audio.Format{Encoding: encoding, Rate: f.SampleRate}, ok
}
