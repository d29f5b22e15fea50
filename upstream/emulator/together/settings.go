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

// Defaults of the parameters, from the reference. The pair of model and voice does not fit, and is documented so. Kokoro's own
// voices do not have tara: it is one of Orpheus's.
const (
	kokoroModel  = "hexgrad/Kokoro-82M"
	orpheusModel = "canopylabs/orpheus-3b-0.1-ft"
	sonicModel   = "cartesia/sonic-english"
	defaultVoice = "tara"
	partial      = 250 // characters
)

// settings are the parameters that hold for a context. The zero format and rate are the defaults.
type settings struct {
	model, voice   string
	partial        int // max_partial_length, in characters
	segment        string
	format         string
	rate           int // hertz
	speed          float64
	wordTimes      bool
	pronunciations []string // entries source/replacement; never changed in place
}

func defaultSettings() settings {
	return settings{model: kokoroModel, voice: defaultVoice, partial: partial, segment: "sentence", speed: 1}
}

// update is what a client sets, in the query or by tts_session.updated.
// The names are those of the guide's table of query parameters, each of which tts_session.updated may set as well.
type update struct {
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

// updateOf reads the parameters of a connection's address.
// How an object is written in a query (extra_params) is not documented: here it is JSON.
func updateOf(query url.Values) (update, error) {
	fields := make(map[string]json.RawMessage)
	for name := range query {
		value := query.Get(name)
		switch name {
		case "max_partial_length", "sample_rate", "speed":
			if _, err := strconv.ParseFloat(value, 64); err != nil {
				return update{}, fmt.Errorf("%s must be a number", name)
			}
			fields[name] = json.RawMessage(value)
		case "extra_params":
			fields[name] = json.RawMessage(value)
		default:
			fields[name], _ = json.Marshal(value) // a string always can
		}
	}
	var u update
	body, err := json.Marshal(fields)
	if err != nil || json.Unmarshal(body, &u) != nil {
		return update{}, fmt.Errorf("invalid query parameters")
	}
	return u, nil
}

// with is the settings with what a client sets. They remain as they were where that is no good.
func (s settings) with(u update) (settings, error) {
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

// locale is an ISO code, or a locale in lower case.
var locale = regexp.MustCompile(`^[a-z]{2,3}(-[a-z]{2,4})?$`)

// validate is what is wrong with the settings. The bounds of speed, rate and max_partial_length are ours.
// segment, alignment and the form of language are the guide's.
func (s settings) validate(u update) error {
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
	case u.Language != nil && !locale.MatchString(*u.Language):
		return fmt.Errorf("language must be an ISO code or a locale in lower case")
	case slices.ContainsFunc(s.pronunciations, func(e string) bool { return !strings.Contains(e, "/") }):
		return fmt.Errorf("pronunciation_dict has entries source/replacement")
	}
	return nil
}

// available reports whether the model is there for an account without an endpoint of its own.
// The guide lists Kokoro and Orpheus as serverless, and others for dedicated endpoints only. cartesia/sonic-english stands in
// the socket's list of models, while the table of models has Cartesia for REST alone.
func (q quirks) available(model string) bool {
	return model == kokoroModel || model == orpheusModel || (q.cartesia && model == sonicModel)
}

// outRate is the rate of the audio. Kokoro and Orpheus give 24000 Hz whatever is asked for.
// The OpenAPI description says so of the HTTP endpoint; that it holds for the socket too is an assumption.
func (s settings) outRate() int {
	if s.model == sonicModel && s.rate != 0 {
		return s.rate
	}
	return engine.NativeRate
}

// charMicros is a character's list price in millionths of a dollar.
// The list has them per million characters of input: 4, 15 and 65 dollars.
func (s settings) charMicros() int64 {
	return map[string]int64{kokoroModel: 4, orpheusModel: 15, sonicModel: 65}[s.model]
}

// Voices as their models name them. Kokoro's may be mixed, with weights: af_bella(2)+af_heart(1). GET /v1/voices lists them by
// model; Orpheus has these eight.
var (
	kokoroVoice  = regexp.MustCompile(`^[a-z][fm]_[a-z]+(\(\d+\))?(\+[a-z][fm]_[a-z]+(\(\d+\))?)*$`)
	orpheusVoice = regexp.MustCompile(`^(tara|leah|jess|leo|dan|mia|zac|zoe)$`)
)

// hasVoice reports whether the model speaks in the voice.
// What a voice of another model is answered is not documented.
func (q quirks) hasVoice(s settings) bool {
	kokoro, orpheus := kokoroVoice.MatchString(s.voice), orpheusVoice.MatchString(s.voice)
	switch s.model {
	case kokoroModel:
		return kokoro || (orpheus && q.foreignVoice == "spoken")
	case orpheusModel:
		return orpheus || (kokoro && q.foreignVoice == "spoken")
	}
	return s.voice != ""
}

// pronounced is a text with the pronunciations that the client has set.
func (s settings) pronounced(text string) string {
	var pairs []string
	for _, entry := range s.pronunciations {
		source, replacement, _ := strings.Cut(entry, "/")
		if source != "" {
			pairs = append(pairs, source, replacement)
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
