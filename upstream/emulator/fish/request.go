package fish

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vmihailenco/msgpack/v5"

	"voicerelay/upstream/emulator/engine"
)

// message is an event of a client. Fields that are not known are ignored.
type message struct {
	Event   string   `msgpack:"event"`
	Text    string   `msgpack:"text"`
	Request *request `msgpack:"request"`
}

// request is what a session is to be like. Voices and what else changes the sound change nothing here.
type request struct {
	Text           string   `msgpack:"text"`
	Format         string   `msgpack:"format"`
	SampleRate     *int     `msgpack:"sample_rate"`
	MP3Bitrate     *int     `msgpack:"mp3_bitrate"`
	OpusBitrate    *int     `msgpack:"opus_bitrate"`
	Latency        string   `msgpack:"latency"`
	ChunkLength    *int     `msgpack:"chunk_length"`
	MinChunkLength *int     `msgpack:"min_chunk_length"`
	Temperature    *float64 `msgpack:"temperature"`
	TopP           *float64 `msgpack:"top_p"`
	Prosody        *struct {
		Speed *float64 `msgpack:"speed"`
	} `msgpack:"prosody"`
}

// parse reads a message, and reports whether it is one.
func parse(data []byte) (m message, ok bool) {
	return m, msgpack.Unmarshal(data, &m) == nil && m.Event != ""
}

// settings are a session's.
type settings struct {
	format  engine.OutputFormat
	speed   float64
	gathers int // characters that are gathered before they are spoken without a flush
}

// settings are what a request asks for, or why there is no such session, in words like the vendor's own.
func (m request) settings() (s settings, wrong string) {
	s = settings{speed: 1, gathers: or(m.ChunkLength, 300)} // the server's default
	if m.Prosody != nil {
		s.speed = or(m.Prosody.Speed, 1)
	}
	switch {
	case m.Latency != "" && !slices.Contains([]string{"normal", "balanced", "low"}, m.Latency):
		return s, variant(m.Latency, "normal", "balanced", "low")
	case s.gathers < 100 || s.gathers > 300:
		return s, "chunk_length must be between 100 and 300"
	case or(m.MinChunkLength, 50) < 0 || or(m.MinChunkLength, 50) > 100:
		return s, "min_chunk_length must be between 0 and 100"
	case !within(or(m.Temperature, 0.7), 0, 1) || !within(or(m.TopP, 0.7), 0, 1):
		return s, "temperature and top_p must be between 0 and 1"
	case !within(s.speed, 0.5, 2):
		return s, "prosody.speed must be between 0.5 and 2"
	}
	s.format, wrong = m.outputFormat()
	return s, wrong
}

// outputFormat: another rate than those is refused with the names of all (Fish Audio's SDK, and what others have met).
func (m request) outputFormat() (f engine.OutputFormat, wrong string) {
	format := cmp.Or(m.Format, "mp3")
	rates, known := map[string][]int{
		"pcm": {8000, 16000, 24000, 32000, 44100}, "wav": {8000, 16000, 24000, 32000, 44100}, "mp3": {32000, 44100}, "opus": {48000},
	}[format]
	if !known {
		return f, variant(format, "wav", "pcm", "mp3", "opus")
	}
	rate := 44100
	if format == "opus" {
		rate = 48000
	}
	if rate = or(m.SampleRate, rate); !slices.Contains(rates, rate) {
		return f, fmt.Sprintf("Invalid sample rate %d for %s, allowed: %v", rate, format, rates)
	}
	kbps := or(m.MP3Bitrate, 128)
	switch bits := or(m.OpusBitrate, 32000); {
	case !slices.Contains([]int{64, 128, 192}, kbps):
		return f, "mp3_bitrate must be one of 64, 128, 192"
	case !slices.Contains([]int{-1000, 24, 32, 48, 64, 24000, 32000, 48000, 64000}, bits): // the SDK's are kbit/s, the docs' are bit/s
		return f, "opus_bitrate must be one of -1000, 24000, 32000, 48000, 64000"
	}
	return engine.NewOutputFormat(format, rate, kbps), ""
}

// variant is how the vendor says that a word is none of those that there are.
func variant(got string, known ...string) string {
	return fmt.Sprintf("unknown variant `%s`, expected one of `%s`", got, strings.Join(known, "`, `"))
}

func within(v, least, most float64) bool { return v >= least && v <= most }

// or is a value, or what stands for one that is not there.
func or[T any](v *T, otherwise T) T {
	if v == nil {
		return otherwise
	}
	return *v
}
