package openai

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// The formats that can be asked for.
const (
	formatPCM = "pcm" // bare samples, at a rate that nothing tells
	formatWAV = "wav"
)

// The ways to send the key.
const (
	authBearer = "bearer"  // Authorization
	authAPIKey = "api-key" // a header of that name, as Azure has it
	authNone   = "none"
)

// The ways in which audio can come.
const (
	streamAudio = "audio" // as the body
	streamSSE   = "sse"   // as server-sent events
)

// Config is the adapter's options in the configuration.
type Config struct {
	// Model is that of voices that name none. Default: tts-1, which many servers take for their own.
	Model string `yaml:"model"`
	// Format is what the server is asked for: pcm, or wav where it does not know that. Default: pcm.
	Format string `yaml:"format"`
	// PCMRate is that of bare samples, in hertz. Default: 24000.
	PCMRate int `yaml:"pcm_rate"`
	// StreamFormat is audio or sse. Audio is asked for by sending no such field. Default: audio.
	StreamFormat string `yaml:"stream_format"`
	// MaxInput is how many characters the server takes at once; longer pieces are several requests. Default: 4096.
	MaxInput int `yaml:"max_input"`
	// Prefetch is how many requests may be under way ahead of the one that is heard: 0 or 1. Default: 1.
	Prefetch int `yaml:"prefetch"`
	// Speed is what the server takes; min and max of 1 for one that takes none. Default: 0.25 to 4.
	Speed Range `yaml:"speed"`
	// Instructions tell how to speak, where the client tells nothing. Default: none.
	Instructions string `yaml:"instructions"`
	// Extra is a JSON object of further fields of each request. Default: none.
	Extra string `yaml:"extra"`
	// Query is that of each request's address, such as Azure's api-version. Default: none.
	Query map[string]string `yaml:"query"`
	// Auth is the key's place: bearer, api-key or none. Default: bearer.
	Auth string `yaml:"auth"`
	// Idle is how long a connection is kept without a request. Default: 1m.
	Idle time.Duration `yaml:"idle"`
}

// Range is two bounds, which belong to it.
type Range struct {
	Min float64 `yaml:"min"`
	Max float64 `yaml:"max"`
}

// The vendor's own figures.
const (
	maxInput           = 4096
	minSpeed, maxSpeed = 0.25, 4
	rate               = 24000
)

// defaults are the options where the configuration has none.
func defaults() Config {
	return Config{
		Model: "tts-1", Format: formatPCM, PCMRate: rate, StreamFormat: streamAudio, MaxInput: maxInput, Prefetch: 1,
		Speed: Range{minSpeed, maxSpeed}, Auth: authBearer, Idle: time.Minute,
	}
}

// leastInput is too short for a sentence, and long enough for a word.
const leastInput = 20

// Validate checks the options.
func (c *Config) Validate() error {
	for _, choice := range []struct {
		name, value string
		of          []string
	}{
		{"format", c.Format, []string{formatPCM, formatWAV}},
		{"stream_format", c.StreamFormat, []string{streamAudio, streamSSE}},
		{"auth", c.Auth, []string{authBearer, authAPIKey, authNone}},
	} {
		if !slices.Contains(choice.of, choice.value) {
			return fmt.Errorf("%s: must be one of %s", choice.name, strings.Join(choice.of, ", "))
		}
	}
	switch {
	case !slices.Contains(audio.Rates, c.PCMRate):
		return fmt.Errorf("pcm_rate: must be one of %v", audio.Rates)
	case c.MaxInput < leastInput:
		return fmt.Errorf("max_input: must be at least %d", leastInput)
	case c.Prefetch != 0 && c.Prefetch != 1:
		return errors.New("prefetch: must be 0 or 1")
	case c.Speed.Min <= 0 || c.Speed.Min > 1 || c.Speed.Max < 1:
		return errors.New("speed: must be a range above 0 around 1")
	case c.Idle < time.Second:
		return errors.New("idle: must be at least 1s")
	}
	_, err := c.extra()
	return err
}

// extra are the further fields. One that an option sets is refused.
func (c *Config) extra() (map[string]any, error) {
	if c.Extra == "" {
		return nil, nil
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(c.Extra), &fields); err != nil || fields == nil {
		return nil, errors.New("extra: must be a JSON object")
	}
	for _, name := range []string{fieldModel, fieldInput, fieldVoice, fieldFormat, fieldSpeed, fieldInstructions, fieldStreamFormat} {
		if _, there := fields[name]; there {
			return nil, fmt.Errorf("extra: can't have %s, which is set otherwise", name)
		}
	}
	return fields, nil
}

// bare is the format of bare samples, as far as they can be asked for.
func (c *Config) bare() audio.Format { return audio.Format{Encoding: audio.PCM16, Rate: c.PCMRate} }

// options are a client's own.
type options struct{ instructions *string }

// longestInstructions is OpenAI's bound for a text, in characters; it names none for instructions.
const longestInstructions = maxInput

// parseOptions reads the client's options: how to speak.
func parseOptions(raw json.RawMessage) (any, error) {
	return upstream.ParseOptions(raw, func(o *options, name string, value json.RawMessage) string {
		if name != fieldInstructions {
			return upstream.UnknownOption
		}
		if !upstream.Option(value, &o.instructions) || utf8.RuneCountInString(*o.instructions) > longestInstructions {
			return fmt.Sprintf("must be a text of at most %d characters", longestInstructions)
		}
		return ""
	})
}
