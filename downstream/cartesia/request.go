package cartesia

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio"
	"voicerelay/downstream"
	"voicerelay/downstream/compress"
	"voicerelay/relay"
)

// request is what a client asks for, by the configuration that is held for it.
func (srv *host) request(s *speech, held downstream.Held) (relay.Request, *protocol.Error) {
	on := held.Terms
	output, refused := s.OutputFormat.format()
	if refused != nil {
		return relay.Request{}, refused
	}
	if s.Voice.Embedded {
		return relay.Request{}, downstream.Invalid("voice", "a voice is an id here: embeddings mean nothing to other vendors")
	}
	kbps := s.OutputFormat.kbps()
	if compress.Check(held.Codecs, output, kbps) != nil {
		kbps = 0 // the vendor has bit rates for any sample rate, MP3 does not: there it is the usual one
	}
	names := srv.names()
	voice, refused := names.Voice(on, s.Voice.ID)
	if refused != nil {
		return relay.Request{}, refused
	}
	route, refused := names.Route(on, s.ModelID)
	if refused != nil {
		refused.Param = "model_id"
		return relay.Request{}, refused
	}
	speed, refused := s.Generation.speed()
	if refused != nil {
		return relay.Request{}, refused
	}
	return relay.Request{
		Text:           s.Transcript,
		Voice:          voice,
		Route:          route,
		Language:       s.language(),
		Speed:          speed,
		Output:         output,
		Kbps:           kbps,
		WordTimestamps: s.AddTimestamps.Value,
		Normalize:      true,
		Options:        s.Generation.options(on),
		Metadata:       map[string]string{"dialect": name},
	}, nil
}

// encodings are the names of encodings.
var encodings = map[string]audio.Encoding{
	"pcm_s16le": audio.PCM16,
	"pcm_f32le": audio.PCMF32,
	"pcm_mulaw": audio.MuLaw,
	"pcm_alaw":  audio.ALaw,
}

// rates are the vendor's sample rates.
var rates = []int{8000, 16000, 22050, 24000, 44100, 48000}

// format is the audio that the client wants, as it is named in the engine.
func (o outputFormat) format() (audio.Format, *protocol.Error) {
	var f audio.Format
	for _, rate := range rates {
		if o.SampleRate.Value == float64(rate) {
			f.Rate = rate
		}
	}
	if f.Rate == 0 {
		return f, downstream.Unsupported("output_format.sample_rate", fmt.Sprintf("output_format.sample_rate must be one of %v", rates))
	}
	switch o.Container {
	case "raw":
		f.Encoding = encodings[o.Encoding]
	case "wav":
		f.Encoding = audio.WAV // of 16-bit samples whatever is asked for: the file says so itself
	case "mp3":
		f.Encoding = audio.MP3
	case "":
		return f, downstream.Unsupported("output_format.container", "output_format.container is missing: raw, wav or mp3")
	default:
		return f, downstream.Unsupported("output_format.container", fmt.Sprintf("unknown output_format.container %q", bounded(o.Container)))
	}
	if f.Encoding == "" {
		return f, downstream.Unsupported("output_format.encoding", fmt.Sprintf("unknown output_format.encoding %q", bounded(o.Encoding)))
	}
	if err := f.Validate(); err != nil {
		return f, downstream.Unsupported("output_format", err.Error())
	}
	return f, nil
}

// kbps is the bit rate that is asked for, in kbit/s.
func (o outputFormat) kbps() int {
	const most = 1000 // more than any encoder has
	return int(max(0, min(o.BitRate.Value/1000, most)))
}

// bounded is the beginning of a client's word, for an answer that names it.
func bounded(word string) string {
	const most = 64
	if len(word) > most {
		return strings.ToValidUTF8(word[:most], "") + "…"
	}
	return word
}

// speed is how fast to speak. Words for it, as older clients send them, stand elsewhere and are not looked at.
func (g *generationConfig) speed() (float64, *protocol.Error) {
	if g == nil || !g.Speed.Set {
		return 1, nil
	}
	if s := g.Speed.Value; !(s >= protocol.MinSpeed && s <= protocol.MaxSpeed) { // also what is no number
		return 0, downstream.Invalid("generation_config.speed", fmt.Sprintf("generation_config.speed must be %v to %v", protocol.MinSpeed, protocol.MaxSpeed))
	}
	return g.Speed.Value, nil
}

// options are what only the dialect's own vendor understands, for each provider that is an account there. What that vendor would
// refuse is left out, since others speak the text as well.
func (g *generationConfig) options(on *relay.Terms) map[string]json.RawMessage {
	if g == nil {
		return nil
	}
	options := make(map[string]json.RawMessage)
	for field, value := range map[string]json.RawMessage{"volume": g.Volume, "emotion": g.Emotion} {
		if len(value) > 0 && string(value) != "null" {
			options[field] = value
		}
	}
	if len(options) == 0 {
		return nil
	}
	all := downstream.Encode(options)
	by := make(map[string]json.RawMessage)
	for _, p := range on.Setup.Providers() {
		if _, err := p.ParseOptions(all); p.Adapter == name && err == nil {
			by[p.Name] = all
		}
	}
	return by
}
