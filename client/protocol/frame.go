package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

// Audio is what goes with the samples of one audio message. The widths are those of the binary frame; start_ms
// wraps around after 49 days of one generation.
type Audio struct {
	GenerationID string // must be valid: it is written as it is
	Seq          uint32 // 0, 1, 2 … within the generation
	StartMS      uint32 // audio sent before
	Samples      uint32 // at the output's rate
}

// AppendAudioJSON appends the JSON message. base64 is standard base64 with padding; it is spliced as it is.
func AppendAudioJSON(dst []byte, a Audio, base64 []byte) []byte {
	dst = AppendAudioHead(dst, a)
	dst = append(dst, base64...)
	return AppendAudioTail(dst)
}

// AppendAudioHead appends the JSON message up to where its base64 begins.
func AppendAudioHead(dst []byte, a Audio) []byte {
	dst = append(dst, `{"type":"audio","generation_id":"`...)
	dst = append(dst, a.GenerationID...)
	dst = append(dst, `","seq":`...)
	dst = strconv.AppendUint(dst, uint64(a.Seq), 10)
	dst = append(dst, `,"start_ms":`...)
	dst = strconv.AppendUint(dst, uint64(a.StartMS), 10)
	dst = append(dst, `,"samples":`...)
	dst = strconv.AppendUint(dst, uint64(a.Samples), 10)
	return append(dst, `,"audio":"`...)
}

// AppendAudioTail appends what follows the base64.
func AppendAudioTail(dst []byte) []byte { return append(dst, `"}`...) }

// First bytes of a binary frame.
const (
	binaryVersion = 1
	binaryAudio   = 1
)

// AppendAudioBinary appends the binary frame with audio bytes in the output's encoding.
func AppendAudioBinary(dst []byte, a Audio, audio []byte) []byte {
	dst = append(dst, binaryVersion, binaryAudio, byte(len(a.GenerationID)))
	dst = append(dst, a.GenerationID...)
	dst = binary.BigEndian.AppendUint32(dst, a.Seq)
	dst = binary.BigEndian.AppendUint32(dst, a.StartMS)
	dst = binary.BigEndian.AppendUint32(dst, a.Samples)
	return append(dst, audio...)
}

// What is wrong with a binary frame.
var (
	errFrameShort   = errors.New("binary frame is too short")
	errFrameVersion = fmt.Errorf("binary frame is not of version 1: %w", ErrUnknownEvent)
	errFrameKind    = fmt.Errorf("binary frame is not audio: %w", ErrUnknownEvent)
	errFrameID      = errors.New("binary frame has no valid generation id")
)

// ParseAudioBinary reads a binary frame, for clients. The audio is a part of b. ErrUnknownEvent is of a version or kind that
// this version doesn't have, which a client passes over.
func ParseAudioBinary(b []byte) (Audio, []byte, error) {
	const head, numbers = 3, 3 * 4
	if len(b) < head {
		return Audio{}, nil, errFrameShort
	}
	if b[0] != binaryVersion {
		return Audio{}, nil, errFrameVersion
	}
	if b[1] != binaryAudio {
		return Audio{}, nil, errFrameKind
	}
	end := head + int(b[2])
	if len(b) < end+numbers {
		return Audio{}, nil, errFrameShort
	}
	a := Audio{
		GenerationID: string(b[head:end]),
		Seq:          binary.BigEndian.Uint32(b[end:]),
		StartMS:      binary.BigEndian.Uint32(b[end+4:]),
		Samples:      binary.BigEndian.Uint32(b[end+8:]),
	}
	if !ValidID(a.GenerationID) {
		return Audio{}, nil, errFrameID
	}
	return a, b[end+numbers:], nil
}
