package audio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

const (
	wavHeaderSize  = 44
	wavUnknownSize = 0xFFFFFFFF // of a stream whose length is not known when its header goes out

	wavRIFFSizeAt, wavDataSizeAt = 4, 40 // offsets of lengths in our own header: of what is behind each

	// fmt chunks have 16 bytes, 18 with an extension's length, 40 where extensible; a longer one is no WAV.
	wavFormatMin, wavFormatExtensible, wavFormatMax = 16, 40, 1024

	wavTagExtensible = 0xFFFE
)

// wavSubtypeTail is what follows the tag in the GUID of an extensible format that stands for a plain tag.
var wavSubtypeTail = []byte("\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71")

// wavLayout is a format tag with the size of its samples in bits.
type wavLayout struct{ tag, bits uint16 }

var wavEncodings = map[wavLayout]Encoding{
	{1, 16}: PCM16,
	{3, 32}: PCMF32,
	{6, 8}:  ALaw,
	{7, 8}:  MuLaw,
}

// ErrNotWAV is returned for data that is no WAV file, or one whose format is none of ours.
var ErrNotWAV = errors.New("not a WAV file of mono PCM or G.711")

// WAVHeader is what goes before a stream of PCM16 samples to make it a WAV file of unknown length: 44 bytes.
func WAVHeader(rate int) []byte {
	const sampleBytes = 2
	h := make([]byte, 0, wavHeaderSize)
	h = append(h, "RIFF"...)
	h = binary.LittleEndian.AppendUint32(h, wavUnknownSize)
	h = append(h, "WAVEfmt "...)
	h = binary.LittleEndian.AppendUint32(h, wavFormatMin)
	h = binary.LittleEndian.AppendUint16(h, 1) // PCM
	h = binary.LittleEndian.AppendUint16(h, 1) // mono
	h = binary.LittleEndian.AppendUint32(h, uint32(rate))
	h = binary.LittleEndian.AppendUint32(h, uint32(rate*sampleBytes))
	h = binary.LittleEndian.AppendUint16(h, sampleBytes)
	h = binary.LittleEndian.AppendUint16(h, 8*sampleBytes)
	h = append(h, "data"...)
	return binary.LittleEndian.AppendUint32(h, wavUnknownSize)
}

// SetWAVLength gives a file that begins with a WAVHeader the length that it has, which must be less than 4 GiB.
func SetWAVLength(file []byte) {
	for _, at := range []int{wavRIFFSizeAt, wavDataSizeAt} {
		binary.LittleEndian.PutUint32(file[at:], uint32(len(file)-at-4))
	}
}

// ReadWAV reads a mono WAV file to the end of its samples, as WAVSamples does. What it reads is bounded by r alone.
func ReadWAV(r io.Reader) (Format, []byte, error) {
	format, r, err := WAVSamples(r)
	if err != nil {
		return Format{}, nil, err
	}
	samples, err := io.ReadAll(r)
	if err != nil {
		return Format{}, nil, fmt.Errorf("read WAV samples: %w", err)
	}
	return format, samples[:len(samples)-len(samples)%format.BytesPerSample()], nil
}

// WAVSamples reads a mono WAV file up to its first sample, and returns a reader of the samples, which may end within one.
// It is lenient where files from streams are: chunks of any kind may come before the samples, and a length of 0, of
// 0xFFFFFFFF or beyond the end means all that is there. The format's encoding is that of the samples, never WAV.
func WAVSamples(r io.Reader) (Format, io.Reader, error) {
	format, size, err := readWAVHeader(r)
	if err != nil {
		return Format{}, nil, fmt.Errorf("read WAV header: %w", err)
	}
	return format, io.LimitReader(r, size), nil
}

// CutWAVHeader takes the header off the beginning of a WAV stream: the samples' format, what data has after the header,
// which is part of it, and how many bytes of samples there are at most. Behind those, other chunks may follow.
// io.ErrUnexpectedEOF says that data does not have the whole header yet.
func CutWAVHeader(data []byte) (f Format, behind []byte, size int64, err error) {
	r := bytes.NewReader(data)
	format, size, err := readWAVHeader(r)
	if err != nil {
		return Format{}, nil, 0, fmt.Errorf("read WAV header: %w", err)
	}
	return format, data[len(data)-r.Len():], size, nil
}

// readWAVHeader reads up to the first sample, and returns the length in bytes that the samples are said to have: of a
// stream, whose length was not known, one beyond any end.
func readWAVHeader(r io.Reader) (Format, int64, error) {
	var riff [12]byte
	if _, err := io.ReadFull(r, riff[:]); err != nil {
		return Format{}, 0, cutShort(err)
	}
	if string(riff[:4]) != "RIFF" || string(riff[8:]) != "WAVE" {
		return Format{}, 0, ErrNotWAV
	}
	var format Format
	for {
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return Format{}, 0, cutShort(err)
		}
		size := int64(binary.LittleEndian.Uint32(head[4:]))
		var err error
		switch string(head[:4]) {
		case "data":
			if format == (Format{}) {
				return Format{}, 0, ErrNotWAV
			}
			if size == 0 || size == wavUnknownSize {
				size = math.MaxInt64
			}
			return format, size, nil
		case "fmt ":
			format, err = readWAVFormat(r, size)
		default:
			_, err = io.CopyN(io.Discard, r, size+size%2) // chunks are padded to an even length
		}
		if err != nil {
			return Format{}, 0, cutShort(err)
		}
	}
}

func readWAVFormat(r io.Reader, size int64) (Format, error) {
	if size < wavFormatMin || size > wavFormatMax {
		return Format{}, ErrNotWAV
	}
	body := make([]byte, size+size%2)
	if _, err := io.ReadFull(r, body); err != nil {
		return Format{}, err
	}
	tag := binary.LittleEndian.Uint16(body)
	channels := binary.LittleEndian.Uint16(body[2:])
	rate := binary.LittleEndian.Uint32(body[4:])
	if tag == wavTagExtensible && size >= wavFormatExtensible && bytes.Equal(body[26:40], wavSubtypeTail) {
		tag = binary.LittleEndian.Uint16(body[24:])
	}
	encoding, ok := wavEncodings[wavLayout{tag, binary.LittleEndian.Uint16(body[14:])}]
	if !ok || channels != 1 || rate == 0 || rate > 1<<20 {
		return Format{}, ErrNotWAV
	}
	return Format{Encoding: encoding, Rate: int(rate)}, nil
}

// cutShort makes an end of file within the header one that callers don't take for a clean end.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
