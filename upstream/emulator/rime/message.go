package rime

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// message is an envelope of v1 from a client: one payload, for one context. Fields that are not known are ignored.
type message struct {
	ContextID string    `json:"contextId"`
	Config    *config   `json:"config"`
	Start     *start    `json:"start"`
	Text      *string   `json:"text"`
	End       *struct{} `json:"end"`
	Cancel    *struct{} `json:"cancel"`
}

// payloads counts those of a message, of which protobuf allows one.
func (m message) payloads() (n int) {
	for _, there := range []bool{m.Config != nil, m.Start != nil, m.Text != nil, m.End != nil, m.Cancel != nil} {
		if there {
			n++
		}
	}
	return n
}

// config is what holds for all contexts of a connection.
type config struct {
	Authorization string          `json:"authorization"`
	License       string          `json:"license"`
	Defaults      json.RawMessage `json:"defaults"`
}

// start opens a context. Coda's and Mist's own parameters, and the lexicon, change nothing of how the emulator sounds.
type start struct {
	Language        string           `json:"language"`
	Speaker         string           `json:"speaker"`
	Text            string           `json:"text"`
	AudioParameters *audioParameters `json:"audioParameters"`
	SplitStrategy   string           `json:"splitStrategy"`
	Timestamps      *struct {
		Enable bool `json:"enable"`
	} `json:"timestamps"`
}

type audioParameters struct {
	AudioFormat     string  `json:"audioFormat"`
	SamplingRate    int     `json:"samplingRate"`
	TimeScaleFactor float64 `json:"timeScaleFactor"` // above 1 is slower
}

// settings are a context's.
type settings struct {
	language string
	format   engine.OutputFormat
	scale    float64
	split    string // the strategy, without what all have in front
	times    bool
}

const strategy = "SPLIT_STRATEGY_"

// defaultSettings: 24 kHz is Coda's own rate (AsyncAPI). A start without a format is not described; samples are an assumption.
func defaultSettings() settings {
	return settings{language: "en", format: engine.NewOutputFormat("pcm", 24000, 0), scale: 1, split: "SENTENCE"}
}

// with is settings with what a client sets, or what is wrong with it.
func (s settings) with(m start) (settings, string) {
	if m.Language != "" {
		s.language = m.Language
	}
	if !slices.Contains(languages(), s.language) {
		return s, "language is not supported"
	}
	if m.SplitStrategy != "" {
		s.split = strings.TrimPrefix(m.SplitStrategy, strategy)
	}
	if !slices.Contains([]string{"UNSPECIFIED", "SENTENCE", "NONE", "ACCUMULATE_SENTENCE"}, s.split) {
		return s, "splitStrategy is unknown"
	}
	if m.Text != "" && s.split == "ACCUMULATE_SENTENCE" {
		return s, "splitStrategy is for streaming contexts" // AsyncAPI
	}
	if m.Timestamps != nil {
		s.times = m.Timestamps.Enable
	}
	if m.AudioParameters == nil {
		return s, ""
	}
	return s.withAudio(*m.AudioParameters)
}

// withAudio: µ-law is at the rate that was asked for, 24 kHz included (LiveKit's plugin).
func (s settings) withAudio(p audioParameters) (settings, string) {
	if p.TimeScaleFactor < 0 || p.TimeScaleFactor > 10 {
		return s, "timeScaleFactor is out of range"
	}
	if p.TimeScaleFactor > 0 {
		s.scale = p.TimeScaleFactor
	}
	rate := s.format.Rate
	if p.SamplingRate != 0 {
		rate = p.SamplingRate
	}
	codec, kbps := s.format.Codec, 0
	switch strings.ReplaceAll(p.AudioFormat, " ", "") {
	case "":
	case "audio/pcm":
		codec = "pcm"
	case "audio/pcmu":
		codec = "ulaw"
	case "audio/wav":
		codec = "wav"
	case "audio/mpeg":
		codec, kbps = "mp3", 64
	case "audio/ogg;codecs=opus":
		codec = "opus"
	default:
		return s, "audioFormat is not supported"
	}
	if !slices.Contains([]int{8000, 16000, 22050, 24000, 32000, 44100, 48000}, rate) || codec == "mp3" && rate == 8000 {
		return s, "samplingRate is not supported"
	}
	s.format = engine.NewOutputFormat(codec, rate, kbps)
	return s, ""
}

// languages are those of ready, by their short codes, and by the long ones that LiveKit sends. Which a model has is not in
// the reference.
func languages() []string {
	return []string{"en", "es", "fr", "de", "pt", "it", "nl", "hi", "ja", "ar", "he", "eng", "spa", "fra", "ger", "deu", "por", "ita", "nld", "hin", "jpn", "ara", "heb"}
}

// short are the languages that ready tells.
func short() []string { return languages()[:11] }

// duration is protobuf's JSON of a time: seconds with no digits behind the point, or three.
func duration(d time.Duration) string {
	d = d.Round(time.Millisecond)
	if d%time.Second == 0 {
		return fmt.Sprintf("%ds", d/time.Second)
	}
	return fmt.Sprintf("%.3fs", d.Seconds())
}
