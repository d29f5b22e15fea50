package inworld

import (
	"regexp"
	"slices"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// create is what opens a context, and what update_config changes. Unknown fields are ignored.
type create struct {
	VoiceID     *string      `json:"voiceId"`
	ModelID     *string      `json:"modelId"`
	AudioConfig *audioConfig `json:"audioConfig"`
	Temperature *float64     `json:"temperature"`
	Delivery    *string      `json:"deliveryMode"`
	Language    *string      `json:"language"`
	Timestamps  *string      `json:"timestampType"`
	Transport   *string      `json:"timestampTransportStrategy"`
	Normalize   *string      `json:"applyTextNormalization"`
	Threshold   *int         `json:"bufferCharThreshold"`
	DelayMS     *int         `json:"maxBufferDelayMs"`
	Auto        *bool        `json:"autoMode"`
	AutoUnit    *string      `json:"autoModeStrategy"`
}

type audioConfig struct {
	Encoding string   `json:"audioEncoding"`
	Rate     int      `json:"sampleRateHertz"`
	Bitrate  int      `json:"bitrate"`
	Speed    *float64 `json:"speakingRate"`
}

// settings are a context's. The strings are the vendor's own names.
type settings struct {
	voice, model          string
	format                audio.Format
	headers               bool // each chunk begins with a RIFF header
	encoding              string
	speed                 float64
	temperature           float64
	delivery, language    string
	timestamps, transport string
	normalize             bool
	threshold             int           // characters
	delay                 time.Duration // 0: none
	auto                  bool
	autoUnit              string
}

// defaults are those of the docs, as far as they have them.
func defaults() settings {
	return settings{
		model: "inworld-tts-2", encoding: "LINEAR16", format: audio.Format{Encoding: audio.PCM16, Rate: engine.NativeRate}, headers: true,
		speed: 1, temperature: 1, delivery: "BALANCED", transport: "SYNC", normalize: true,
		threshold: charDefault, delay: delayDefault, autoUnit: "CLIENT_SEGMENTED",
	}
}

// languagePattern is that of BCP 47's tags of a language, and perhaps a region.
var languagePattern = regexp.MustCompile(`^[a-z]{2,3}(-[0-9A-Za-z]{2,8})*$`)

// unknownVoice is one that there is not; the emulator has no list of those that there are.
const unknownVoice = "nobody"

// with is the settings with what a client sets, or what is wrong with it.
func (s settings) with(c create, q quirks) (settings, *failure) {
	set(&s.voice, c.VoiceID)
	set(&s.model, c.ModelID)
	set(&s.temperature, c.Temperature)
	set(&s.delivery, c.Delivery)
	set(&s.language, c.Language)
	set(&s.timestamps, c.Timestamps)
	set(&s.transport, c.Transport)
	set(&s.threshold, c.Threshold)
	set(&s.auto, c.Auto)
	set(&s.autoUnit, c.AutoUnit)
	if c.Normalize != nil {
		s.normalize = *c.Normalize != "OFF"
	}
	if ms := c.DelayMS; ms != nil && (*ms != 0 || !q.zeroIsUnset) {
		s.delay = time.Duration(*ms) * time.Millisecond
	}
	if a := c.AudioConfig; a != nil {
		var wrong *failure
		if s, wrong = s.sounding(*a); wrong != nil {
			return s, wrong
		}
	}
	return s, s.wrong(q)
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// sounding sets what an audioConfig says. The compressed encodings are documented too (MP3, OGG_OPUS, FLAC), but not emulated.
// PCM is bare samples; with LINEAR16 each chunk begins with a RIFF header, which LiveKit and Pipecat cut off.
func (s settings) sounding(a audioConfig) (settings, *failure) {
	encodings := map[string]audio.Encoding{"PCM": audio.PCM16, "LINEAR16": audio.PCM16, "MULAW": audio.MuLaw, "ALAW": audio.ALaw}
	if a.Encoding != "" {
		s.encoding, s.headers = a.Encoding, a.Encoding == "LINEAR16"
		s.format.Encoding = encodings[a.Encoding]
	}
	if a.Rate != 0 {
		s.format.Rate = a.Rate
	}
	set(&s.speed, a.Speed)
	switch {
	case s.format.Encoding == "":
		return s, invalid("Unsupported audioEncoding")
	case !slices.Contains(audio.Rates, s.format.Rate):
		return s, invalid("Unsupported sampleRateHertz")
	}
	return s, nil
}

// wrong is what is wrong with the settings. Names and ranges are the docs'.
func (s settings) wrong(q quirks) *failure {
	switch {
	case s.voice == "":
		return invalid("voiceId is required")
	case s.voice == unknownVoice:
		return &failure{q.missingCode, "Unknown voice"}
	case !slices.Contains([]string{"inworld-tts-2", "inworld-tts-1.5-max", "inworld-tts-1.5-mini"}, s.model):
		return &failure{q.missingCode, "Unknown model"}
	case s.speed < 0.5 || s.speed > 1.5:
		return invalid("speakingRate must be from 0.5 to 1.5")
	case s.temperature <= 0 || s.temperature > 2:
		return invalid("temperature must be above 0 and at most 2")
	case !slices.Contains([]string{"", "STABLE", "BALANCED", "CREATIVE"}, s.delivery):
		return invalid("Unknown deliveryMode")
	case s.language != "" && !languagePattern.MatchString(s.language):
		return invalid("language must be a BCP-47 tag")
	case !slices.Contains([]string{"", "TIMESTAMP_TYPE_UNSPECIFIED", "WORD", "CHARACTER"}, s.timestamps):
		return invalid("Unknown timestampType")
	case !slices.Contains([]string{"", "SYNC", "ASYNC"}, s.transport):
		return invalid("Unknown timestampTransportStrategy")
	case !slices.Contains([]string{"CLIENT_SEGMENTED", "SENTENCE_BOUNDARY"}, s.autoUnit):
		return invalid("Unknown autoModeStrategy")
	case s.autoUnit == "SENTENCE_BOUNDARY" && s.model != "inworld-tts-2":
		return invalid("SENTENCE_BOUNDARY is for inworld-tts-2 only")
	case s.threshold < 1 || s.delay < 0:
		return invalid("bufferCharThreshold and maxBufferDelayMs must not be negative")
	}
	return nil
}

// object is the effective settings, as contextCreated has them.
func (s settings) object() engine.Object {
	return engine.Object{
		"voiceId": s.voice, "modelId": s.model, "audioConfig": engine.Object{
			"audioEncoding": s.encoding, "sampleRateHertz": s.format.Rate, "speakingRate": s.speed,
		},
		"bufferCharThreshold": s.threshold, "maxBufferDelayMs": s.delay.Milliseconds(), "autoMode": s.auto,
	}
}
