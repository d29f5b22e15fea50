package engine

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"voicerelay/audio"
)

// OutputFormat is an output_format.
// Its names are those of ElevenLabs' protocol, codec_rate or codec_rate_kbps, which Zeligate mirrors.
type OutputFormat struct {
	Codec string
	Rate  int // hertz
	kbps  int // of the compressed ones
}

// OutputFormatNames lists what output_format takes. No account lacks any of them.
// The list is Zeligate's, the longer one (Zeligate's docs, Output formats).
func OutputFormatNames() []string {
	names := []string{"ulaw_8000", "alaw_8000", "mp3_22050_32", "mp3_24000_48"}
	for _, rate := range []string{"8000", "16000", "22050", "24000", "32000", "44100", "48000"} {
		names = append(names, "pcm_"+rate, "wav_"+rate)
	}
	for _, kbps := range []string{"32", "64", "96", "128", "192"} {
		names = append(names, "mp3_44100_"+kbps, "opus_48000_"+kbps)
	}
	return names
}

// OutputFormatOf is the format of a name, and whether there is such a one.
// Empty is mp3_44100_128, the default of both vendors.
func OutputFormatOf(name string) (OutputFormat, bool) {
	name = cmp.Or(name, "mp3_44100_128")
	if !slices.Contains(OutputFormatNames(), name) {
		return OutputFormat{}, false
	}
	parts := append(strings.Split(name, "_"), "0")
	rate, _ := strconv.Atoi(parts[1]) // the names above have numbers there
	kbps, _ := strconv.Atoi(parts[2])
	return OutputFormat{Codec: parts[0], Rate: rate, kbps: kbps}, true
}

// NewOutputFormat is a format of a vendor that has names of its own: pcm, wav, ulaw, alaw, mp3 or opus, at a rate in hertz, and for
// the compressed ones so many kbit/s.
func NewOutputFormat(codec string, rate, kbps int) OutputFormat {
	return OutputFormat{codec, rate, kbps}
}

// SampleSize is the bytes of a sample; 0: the format has no samples of its own.
func (f OutputFormat) SampleSize() int {
	switch f.Codec {
	case "pcm", "wav":
		return 2
	case "ulaw", "alaw":
		return 1
	}
	return 0
}

// Encoder makes one stream of bytes of all that a request says.
// It belongs to one stream, and is not for several goroutines.
type Encoder interface {
	// Encode takes samples at the native rate and gives what they complete.
	Encode(pcm []int16) []byte
	// End gives the rest.
	End() []byte
}

// Encoder encodes samples in the format. An error says that no encoder has it.
func (f OutputFormat) Encoder() (Encoder, error) {
	switch f.Codec {
	case "mp3":
		return newMP3Silence(f.Rate, f.kbps), nil
	case "opus":
		return newOpusSilence(), nil
	}
	converter, err := audio.NewConverter(audio.Format{Encoding: audio.PCM16, Rate: NativeRate}, audio.Format{Encoding: audio.PCM16, Rate: f.Rate})
	if err != nil {
		return nil, err
	}
	e := &sampleEncoder{converter: converter}
	switch f.Codec {
	case "wav":
		e.head = audio.WAVHeader(f.Rate)
	case "ulaw":
		e.law, err = lawConverter(audio.MuLaw)
	case "alaw":
		e.law, err = lawConverter(audio.ALaw)
	}
	return e, err
}

// lawConverter compresses samples one by one. Some vendors have G.711 at other rates than its own, which alone has a name here.
func lawConverter(law audio.Encoding) (*audio.Converter, error) {
	return audio.NewConverter(audio.Format{Encoding: audio.PCM16, Rate: 8000}, audio.Format{Encoding: law, Rate: 8000})
}

// sampleEncoder encodes samples one by one, after a header where there is one.
type sampleEncoder struct {
	converter *audio.Converter
	law       *audio.Converter // of G.711; nil: the samples are linear
	head      []byte           // that is still to come
}

func (e *sampleEncoder) Encode(pcm []int16) []byte {
	raw := make([]byte, 0, 2*len(pcm))
	for _, v := range pcm {
		raw = binary.LittleEndian.AppendUint16(raw, uint16(v))
	}
	out := e.converter.Convert(e.head, raw)
	e.head = nil
	return e.compress(out)
}

func (e *sampleEncoder) End() []byte {
	out := e.converter.Flush(e.head) // a file without samples has a header too
	e.head = nil
	return e.compress(out)
}

func (e *sampleEncoder) compress(linear []byte) []byte {
	if e.law == nil {
		return linear
	}
	return e.law.Convert(nil, linear)
}
