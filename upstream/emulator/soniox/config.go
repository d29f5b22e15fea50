package soniox

import (
	"regexp"
	"slices"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// config is what opens a stream.
type config struct {
	APIKey           string   `json:"api_key"`
	Model            string   `json:"model"`
	Language         string   `json:"language"`
	Voice            string   `json:"voice"`
	AudioFormat      string   `json:"audio_format"`
	SampleRate       int      `json:"sample_rate"`
	Bitrate          int      `json:"bitrate"`
	Speed            *float64 `json:"speed"`
	ReduceSilence    bool     `json:"reduce_silence"`
	ReturnTimestamps bool     `json:"return_timestamps"`
}

// message is any message from a client. Unknown fields are ignored.
type message struct {
	config

	StreamID  string  `json:"stream_id"`
	Text      *string `json:"text"`
	TextEnd   bool    `json:"text_end"`
	Cancel    bool    `json:"cancel"`
	KeepAlive bool    `json:"keep_alive"`
}

// settings are a stream's.
type settings struct {
	format audio.Format
	wav    bool // the first audio has a RIFF header
	speed  float64
	times  bool
}

// Names, as the docs have them. The emulator has no list of voices: any name will do but one.
var (
	models          = []string{"tts-rt-v2", "tts-rt-v1", "tts-rt-v1-preview"}
	languagePattern = regexp.MustCompile(`^[a-z]{2,3}$`)
	voicePattern    = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_-]*$`)
)

// unknownVoice has the form of a voice, and there is none such.
const unknownVoice = "nobody"

// settings are the stream's, or what is wrong with them. Names and ranges are the docs'.
func (m config) settings(q quirks) (s settings, wrong *failure) {
	s = settings{speed: 1, times: m.ReturnTimestamps}
	if m.Speed != nil {
		s.speed = *m.Speed
	}
	if s, wrong = m.format(s); wrong != nil {
		return s, wrong
	}
	switch {
	case m.Model == "" || m.Language == "" || m.Voice == "":
		return s, invalid("model, language and voice are required.")
	case !slices.Contains(models, m.Model):
		return s, &failure{q.missingCode, "The model does not exist."}
	case !voicePattern.MatchString(m.Voice) || m.Voice == unknownVoice:
		return s, &failure{q.missingCode, "The voice does not exist."}
	case !languagePattern.MatchString(m.Language):
		return s, invalid("The language is not supported.")
	case s.speed < 0.7 || s.speed > 1.3:
		return s, invalid("speed must be from 0.7 to 1.3.")
	case m.ReduceSilence && m.Model != "tts-rt-v2":
		return s, invalid("reduce_silence is not supported by the model.")
	}
	return s, nil
}

// format sets the format that is asked for. The compressed ones are documented too (mp3, aac, opus, flac), but not emulated.
func (m config) format(s settings) (settings, *failure) {
	encodings := map[string]audio.Encoding{
		"pcm_s16le": audio.PCM16, "pcm_f32le": audio.PCMF32, "pcm_mulaw": audio.MuLaw, "pcm_alaw": audio.ALaw, "wav": audio.PCM16,
	}
	encoding, known := encodings[m.AudioFormat]
	rate := m.SampleRate
	if rate == 0 && m.AudioFormat == "wav" {
		rate = engine.NativeRate // assumed
	}
	switch {
	case !known:
		return s, invalid("audio_format is not available.")
	case !slices.Contains([]int{8000, 16000, 24000, 44100, 48000}, rate):
		return s, invalid("sample_rate is not available.")
	case m.Bitrate != 0:
		return s, invalid("bitrate is for compressed formats only.")
	}
	s.format, s.wav = audio.Format{Encoding: encoding, Rate: rate}, m.AudioFormat == "wav"
	return s, nil
}
