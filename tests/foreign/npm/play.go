package npm

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"os/exec"
	"testing"
	"time"

	"voicerelay/upstream/emulator/voice"
)

// StoryTime bounds a program, which takes a second or two on a machine of its own.
const StoryTime = 2 * time.Minute

// maxLine is the longest line of a program's, in bytes: some seconds of audio.
const maxLine = 1 << 20

// Play runs a program of the working folder to its end and returns what it noticed. What its libraries print besides is
// no JSON.
func Play[Noticed any](t *testing.T, program string, args ...string) []Noticed {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), StoryTime)
	defer cancel()
	command := exec.CommandContext(ctx, "node", append([]string{program}, args...)...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("%s %q: %v\n%.2000s\n%.4000s", program, args, err, stdout.String(), stderr.String())
	}
	var all []Noticed
	lines := bufio.NewScanner(&stdout)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var n Noticed
		if json.Unmarshal(lines.Bytes(), &n) == nil {
			all = append(all, n)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	return all
}

// Words are the words in frames of audio, in base64 of 16-bit samples at a rate in hertz, of those of a text.
func Words(t *testing.T, frames []string, rate int, text string) []string {
	t.Helper()
	var raw []byte
	for _, frame := range frames {
		data, err := base64.StdEncoding.DecodeString(frame)
		if err != nil {
			t.Fatal(err)
		}
		raw = append(raw, data...)
	}
	pcm := make([]int16, len(raw)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	words, err := voice.Decode(pcm, rate, voice.Words(text))
	if err != nil {
		t.Fatal(err)
	}
	return words
}
