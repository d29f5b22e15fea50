package voice

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"voicerelay/audio"
)

// Bounds of the program that speaks real words.
const (
	espeakPatience = 10 * time.Second
	espeakOutput   = 64 << 20 // bytes, some 24 minutes
)

// HasEspeak reports whether real speech is to be had.
// It is not needed: tests run without it, and speech is for people who listen.
func HasEspeak() bool {
	_, err := exec.LookPath("espeak-ng")
	return err == nil
}

// SpeakAloud says a text in real words by espeak-ng. Where words stand is estimated by their letters.
// The rate is in hertz, and speed a factor of its pace.
func SpeakAloud(ctx context.Context, text string, rate int, speed float64) (Spoken, error) {
	ctx, cancel := context.WithTimeout(ctx, espeakPatience)
	defer cancel()
	// 175 words a minute is espeak's own pace. The text goes by standard input, so that none of it is an option.
	command := exec.CommandContext(ctx, "espeak-ng", "--stdin", "--stdout", "-s", fmt.Sprint(int(175*speed)))
	command.Stdin = strings.NewReader(text)
	command.WaitDelay = time.Second
	wav, err := command.Output()
	if err != nil {
		return Spoken{}, fmt.Errorf("espeak-ng: %w", err)
	}
	if len(wav) > espeakOutput {
		return Spoken{}, fmt.Errorf("espeak-ng: %d bytes of audio", len(wav))
	}
	format, samples, err := audio.ReadWAV(bytes.NewReader(wav))
	if err != nil {
		return Spoken{}, fmt.Errorf("espeak-ng's audio: %w", err)
	}
	converter, err := audio.NewConverter(format, audio.Format{Encoding: audio.PCM16, Rate: rate})
	if err != nil {
		return Spoken{}, fmt.Errorf("espeak-ng's audio: %w", err)
	}
	pcm := decodePCM(converter.Flush(converter.Convert(nil, samples)))
	length := time.Duration(len(pcm)) * time.Second / time.Duration(rate)
	return Spoken{PCM: pcm, Words: spread(Words(text), length)}, nil
}

func decodePCM(b []byte) []int16 {
	pcm := make([]int16, len(b)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return pcm
}

// spread gives each word its share of a length, by its letters.
func spread(words []string, length time.Duration) []WordTime {
	letters := 0
	for _, w := range words {
		letters += len(w)
	}
	var times []WordTime
	done := 0
	for _, w := range words {
		start := length * time.Duration(done) / time.Duration(letters)
		done += len(w)
		times = append(times, WordTime{Text: w, Start: start, End: length * time.Duration(done) / time.Duration(letters)})
	}
	return times
}
