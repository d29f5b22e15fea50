package together

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// Defaults of the parameters, from the reference. The pair of model and voice does not fit, and is documented so.
const (
	togetherModel   = "hexgrad/Kokoro-82M"
	togetherOrpheus = "canopylabs/orpheus-3b-0.1-ft"
	togetherSonic   = "cartesia/sonic-english"
	togetherVoice   = "tara"
	togetherPartial = 250 // characters
)

// togetherSettings are the parameters that hold for a context. The zero format and rate are the defaults.
type togetherSettings struct {
	model, voice   string
	partial        int // max_partial_length, in characters
	segment        string
	format         string
	rate           int // hertz
	speed          float64
	wordTimes      bool
	pronunciations []string // entries source/replacement; never changed in place
}

func defaultTogetherSettings() togetherSettings {
	return togetherSettings{model: togetherModel, voice: togetherVoice, partial: togetherPartial, segment: "sentence", speed: 1}
}

// togetherUpdate is what a client sets, in the query or by tts_session.updated.
type togetherUpdate struct {
	Model          *string  `json:"model"`
	Voice          *string  `json:"voice"`
	MaxPartial     *int     `json:"max_partial_length"`
	Language       *string  `json:"language"`
	ResponseFormat *string  `json:"response_format"`
	SampleRate     *int     `json:"sample_rate"`
	Speed          *float64 `json:"speed"`
	Alignment      *string  `json:"alignment"`
	Segment        *string  `json:"segment"`
	ExtraParams    *struct {
		Pronunciations []string `json:"pronunciation_dict"`
	} `json:"extra_params"`
}

// togetherQuery reads the parameters of a connection's address.
func togetherQuery(query url.Values) (togetherUpdate, error) {
	fields := make(map[string]json.RawMessage)
	for name := range query {
		value := query.Get(name)
		switch name {
		case "max_partial_length", "sample_rate", "speed":
			if _, err := strconv.ParseFloat(value, 64); err != nil {
				return togetherUpdate{}, fmt.Errorf("%s must be a number", name)
			}
			fields[name] = json.RawMessage(value)
		case "extra_params":
			fields[name] = json.RawMessage(value)
		default:
			fields[name], _ = json.Marshal(value) // a string always can
		}
	}
	var u togetherUpdate
	body, err := json.Marshal(fields)
	if err != nil || json.Unmarshal(body, &u) != nil {
		return togetherUpdate{}, fmt.Errorf("invalid query parameters")
	}
	return u, nil
}

// with is the settings with what a client sets. They remain as they were where that is no good.
func (s togetherSettings) with(u togetherUpdate) (togetherSettings, error) {
	n := s
	set(&n.model, u.Model)
	set(&n.voice, u.Voice)
	set(&n.partial, u.MaxPartial)
	set(&n.segment, u.Segment)
	set(&n.format, u.ResponseFormat)
	set(&n.rate, u.SampleRate)
	set(&n.speed, u.Speed)
	if u.Alignment != nil {
		n.wordTimes = *u.Alignment == "word"
	}
	if u.ExtraParams != nil {
		n.pronunciations = u.ExtraParams.Pronunciations
	}
	if err := n.validate(u); err != nil {
		return s, err
	}
	return n, nil
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// togetherLocale is an ISO code, or a locale in lower case.
var togetherLocale = regexp.MustCompile(`^[a-z]{2,3}(-[a-z]{2,4})?$`)

// validate is what is wrong with the settings. The bounds of speed, rate and max_partial_length are ours.
func (s togetherSettings) validate(u togetherUpdate) error {
	switch {
	case s.partial < 1:
		return fmt.Errorf("max_partial_length must be positive")
	case !slices.Contains([]string{"sentence", "immediate", "never"}, s.segment):
		return fmt.Errorf("segment must be sentence, immediate or never")
	case !slices.Contains([]string{"", "pcm", "wav"}, s.format):
		return fmt.Errorf("response_format is not available") // mp3, opus, aac and flac are documented, but not emulated
	case s.rate != 0 && !slices.Contains(audio.Rates, s.rate):
		return fmt.Errorf("sample_rate is not available")
	case s.speed < 0.25 || s.speed > 4:
		return fmt.Errorf("speed must be between 0.25 and 4")
	case u.Alignment != nil && *u.Alignment != "word" && *u.Alignment != "none":
		return fmt.Errorf("alignment must be none or word")
	case u.Language != nil && !togetherLocale.MatchString(*u.Language):
		return fmt.Errorf("language must be an ISO code or a locale in lower case")
	case slices.ContainsFunc(s.pronunciations, func(e string) bool { return !strings.Contains(e, "/") }):
		return fmt.Errorf("pronunciation_dict has entries source/replacement")
	}
	return nil
}

// available reports whether the model is there for an account without an endpoint of its own.
func (q togetherQuirks) available(model string) bool {
	return model == togetherModel || model == togetherOrpheus || (q.cartesia && model == togetherSonic)
}

// outRate is the rate of the audio. Kokoro and Orpheus give 24000 Hz whatever is asked for.
func (s togetherSettings) outRate() int {
	if s.model == togetherSonic && s.rate != 0 {
		return s.rate
	}
	return engine.NativeRate
}

// charMicros is a character's list price in millionths of a dollar.
func (s togetherSettings) charMicros() int64 {
	return map[string]int64{togetherModel: 4, togetherOrpheus: 15, togetherSonic: 65}[s.model]
}

// Voices as their models name them. Kokoro's may be mixed, with weights: af_bella(2)+af_heart(1).
var (
	togetherKokoroVoice  = regexp.MustCompile(`^[a-z][fm]_[a-z]+(\(\d+\))?(\+[a-z][fm]_[a-z]+(\(\d+\))?)*$`)
	togetherOrpheusVoice = regexp.MustCompile(`^(tara|leah|jess|leo|dan|mia|zac|zoe)$`)
)

// hasVoice reports whether the model speaks in the voice.
func (q togetherQuirks) hasVoice(s togetherSettings) bool {
	kokoro, orpheus := togetherKokoroVoice.MatchString(s.voice), togetherOrpheusVoice.MatchString(s.voice)
	switch s.model {
	case togetherModel:
		return kokoro || (orpheus && q.foreignVoice == "spoken")
	case togetherOrpheus:
		return orpheus || (kokoro && q.foreignVoice == "spoken")
	}
	return s.voice != ""
}

// pronounced is a text with the pronunciations that the client has set.
func (s togetherSettings) pronounced(text string) string {
	var pairs []string
	for _, entry := range s.pronunciations {
		source, replacement, _ := strings.Cut(entry, "/")
		if source != "" {
			pairs = append(pairs, source, replacement)
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
