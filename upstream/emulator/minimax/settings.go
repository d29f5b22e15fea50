package minimax

import (
	"encoding/json"
	"slices"
	"strings"

	"voicerelay/upstream/emulator/engine"
)

// message is an event of a client. Fields that are not known are ignored.
type message struct {
	Event     string `json:"event"`
	Text      string `json:"text"`
	SessionID string `json:"session_id"`

	Model      string        `json:"model"`
	Voice      *voiceSetting `json:"voice_setting"`
	Audio      audioSetting  `json:"audio_setting"`
	Timbres    []timbre      `json:"timbre_weights"`
	Subtitle   string        `json:"subtitle_type"`
	Continuous bool          `json:"continuous_sound"`
}

type voiceSetting struct {
	VoiceID string   `json:"voice_id"`
	Speed   *float64 `json:"speed"`
	Volume  *float64 `json:"vol"`
	Pitch   int      `json:"pitch"`
	Emotion string   `json:"emotion"`
}

type audioSetting struct {
	SampleRate int    `json:"sample_rate"`
	Bitrate    int    `json:"bitrate"`
	Format     string `json:"format"`
	Channel    int    `json:"channel"`
}

type timbre struct {
	VoiceID string `json:"voice_id"`
	Weight  int    `json:"weight"`
}

// settings are a session's. They hold for its connection: another voice needs another socket.
type settings struct {
	model  string
	speed  float64
	format engine.OutputFormat
	bits   int // a second, of what is compressed
}

// models are those of the docs.
func models() []string {
	return []string{
		"speech-2.8-hd", "speech-2.8-turbo", "speech-2.6-hd", "speech-2.6-turbo", "speech-02-hd", "speech-02-turbo", "speech-01-hd", "speech-01-turbo",
	}
}

// settings are what a task_start asks for, or whether it asks for what there is not.
func (m message) settings() (s settings, ok bool) {
	if !slices.Contains(models(), m.Model) || m.Voice == nil || !m.named() {
		return s, false
	}
	v := *m.Voice
	s = settings{model: m.Model, speed: 1}
	if v.Speed != nil {
		s.speed = *v.Speed
	}
	volume := 1.0
	if v.Volume != nil {
		volume = *v.Volume
	}
	emotions := []string{"", "happy", "sad", "angry", "fearful", "disgusted", "surprised", "calm", "fluent", "whisper"}
	switch {
	case s.speed < 0.5 || s.speed > 2, volume <= 0 || volume > 10, v.Pitch < -12 || v.Pitch > 12:
		return s, false
	case !slices.Contains(emotions, v.Emotion), m.Continuous && !strings.HasPrefix(m.Model, "speech-2.8"):
		return s, false
	case !slices.Contains([]string{"", "sentence", "word", "word_streaming"}, m.Subtitle):
		return s, false
	}
	return s.with(m.Audio)
}

// named reports whether there is a voice: its id, or up to four timbres in its place.
func (m message) named() bool {
	for _, t := range m.Timbres {
		if t.VoiceID == "" || t.Weight < 1 || t.Weight > 100 {
			return false
		}
	}
	return len(m.Timbres) <= 4 && (m.Voice.VoiceID == "") == (len(m.Timbres) > 0)
}

// with is settings with a format. FLAC, two channels and MP3 at 8 kHz are the emulator's own lack.
func (s settings) with(a audioSetting) (settings, bool) {
	rate, format, bits := 32000, "mp3", 128000 // the docs' defaults
	if a.SampleRate != 0 {
		rate = a.SampleRate
	}
	if a.Format != "" {
		format = a.Format
	}
	if a.Bitrate != 0 {
		bits = a.Bitrate
	}
	codec, known := map[string]string{"mp3": "mp3", "pcm": "pcm", "wav": "wav", "opus": "opus", "pcmu_raw": "ulaw"}[format]
	switch {
	case !known, a.Channel != 0 && a.Channel != 1, !slices.Contains([]int{8000, 16000, 22050, 24000, 32000, 44100}, rate):
		return s, false
	case !slices.Contains([]int{32000, 64000, 128000, 256000}, bits), codec == "mp3" && (rate == 8000 || bits == 256000):
		return s, false
	}
	if s.format = engine.NewOutputFormat(codec, rate, bits/1000); s.format.SampleSize() == 0 {
		s.bits = bits
	}
	return s, true
}

// parse reads an event, and reports whether it is one.
func parse(data []byte) (m message, ok bool) {
	return m, json.Unmarshal(data, &m) == nil && m.Event != ""
}
