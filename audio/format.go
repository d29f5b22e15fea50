package audio

import (
	"fmt"
	"slices"
)

// Encoding names how samples are laid out in bytes. The names are those of the client protocol.
type Encoding string

// The encodings that the relay can give to a client.
const (
	PCM16  Encoding = "pcm_s16le" // signed 16-bit little-endian
	PCMF32 Encoding = "pcm_f32le" // IEEE 754 32-bit little-endian, -1..1
	WAV    Encoding = "wav"       // PCM16 after one streaming RIFF header
	MuLaw  Encoding = "mulaw"     // ITU-T G.711 µ-law
	ALaw   Encoding = "alaw"      // ITU-T G.711 A-law
)

// The compressed encodings that the relay can give to a client. They are made of PCM16 by package codec, and nothing
// else here knows them.
const (
	MP3  Encoding = "mp3"
	Opus Encoding = "opus" // in Ogg
	FLAC Encoding = "flac"
)

// Encodings lists the encodings of samples in the order in which clients are told of them.
var Encodings = []Encoding{PCM16, PCMF32, WAV, MuLaw, ALaw}

// Rates lists the sample rates, in hertz, of the linear encodings, of MP3 and of FLAC. G.711 is 8000 Hz only.
var Rates = []int{8000, 16000, 22050, 24000, 32000, 44100, 48000}

// opusRates are those of Rates that Opus has itself.
var opusRates = []int{8000, 16000, 24000, 48000}

// Format is an encoding at a sample rate; audio is mono throughout.
type Format struct {
	Encoding Encoding
	Rate     int // hertz
}

// Validate reports whether the format is one that the relay can give, where it has an encoder of it if it is compressed.
func (f Format) Validate() error {
	rates := Rates
	switch f.Encoding {
	case MuLaw, ALaw:
		if f.Rate != 8000 {
			return fmt.Errorf("%s is available at 8000 Hz only", f.Encoding)
		}
		return nil
	case Opus:
		rates = opusRates
	case PCM16, PCMF32, WAV, MP3, FLAC:
	default:
		return fmt.Errorf("unknown encoding %q", f.Encoding)
	}
	if !slices.Contains(rates, f.Rate) {
		return fmt.Errorf("%s is not available at %d Hz", f.Encoding, f.Rate)
	}
	return nil
}

// Compressed reports whether the format has no samples of its own, and is made of PCM16.
func (f Format) Compressed() bool {
	return f.Encoding == MP3 || f.Encoding == Opus || f.Encoding == FLAC
}

// BytesPerSample is the size of one sample; a WAV's samples are those of PCM16, and so are those that are compressed.
func (f Format) BytesPerSample() int {
	switch f.Encoding {
	case PCMF32:
		return 4
	case MuLaw, ALaw:
		return 1
	default:
		return 2
	}
}

// Samples is the layout of the samples without a container: WAV is PCM16 inside, and what is compressed is made of it.
func (f Format) Samples() Format {
	if f.Encoding == WAV || f.Compressed() {
		f.Encoding = PCM16
	}
	return f
}

// Silence is so many samples of silence, without a container's header.
func (f Format) Silence(samples int) []byte {
	silence := make([]byte, samples*f.BytesPerSample())
	switch f.Encoding {
	case MuLaw:
		fill(silence, silentMuLaw)
	case ALaw:
		fill(silence, silentALaw)
	}
	return silence
}

func fill(bytes []byte, with byte) {
	for i := range bytes {
		bytes[i] = with
	}
}

// linear reports whether samples are proportional to the level, which keeps more of it than G.711 does.
func (f Format) linear() bool { return f.Encoding != MuLaw && f.Encoding != ALaw }

// String is the format for people, such as pcm_s16le@24000.
func (f Format) String() string { return fmt.Sprintf("%s@%d", f.Encoding, f.Rate) }
