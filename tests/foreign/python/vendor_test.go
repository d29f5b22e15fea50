package python_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"voicerelay/tests/process"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

// key is the account's key at every emulator.
const key = "sk_test"

// start starts an emulator whose seed has drawn what is asked for, as name:value.
func start(t *testing.T, vendor string, o emulator.Options, quirks ...string) (server *emulator.Server, base string) {
	t.Helper()
	o.APIKey, o.Seed = key, 1
	return process.Emulate(t, vendor, o, quirks...)
}

// messages are those of a stream, which a field of theirs names; an empty field is any message.
func messages(all []noticed, field, id string) []map[string]any {
	var own []map[string]any
	for _, n := range all {
		if n.Message != nil && (field == "" || n.Message[field] == id) {
			own = append(own, n.Message)
		}
	}
	return own
}

// kinds are what messages are, without repetition: their type, or the first of the names that they have.
func kinds(all []map[string]any, names ...string) []string {
	var got []string
	for _, m := range all {
		if kind, ok := m["type"].(string); ok {
			got = append(got, kind)
			continue
		}
		kind := "?"
		if i := slices.IndexFunc(names, func(name string) bool { return m[name] != nil }); i >= 0 {
			kind = names[i]
		}
		got = append(got, kind)
	}
	return slices.Compact(got)
}

// saved reads what a sample left behind.
func saved(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// words hears samples, s16le, and knows the words of a text.
func words(t *testing.T, data []byte, rate int, text string) []string {
	t.Helper()
	heard, err := voice.Decode(samplesOf(data), rate, voice.Words(text))
	if err != nil {
		t.Fatal(err)
	}
	return heard
}

// samplesOf reads samples, s16le.
func samplesOf(data []byte) []int16 {
	pcm := make([]int16, len(data)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(data[2*i:]))
	}
	return pcm
}

// says checks that samples are the words of a text: all of them, in order, each once.
func says(t *testing.T, data []byte, rate int, text string) {
	t.Helper()
	if got, want := words(t, data, rate, text), voice.Words(text); !slices.EqualFunc(got, want, strings.EqualFold) {
		t.Errorf("heard %q, want %q", got, want)
	}
}

// lasts checks that samples are as many as an emulator has generated in a stream, for a word can be heard without all.
func lasts(t *testing.T, data []byte, rate int, generated time.Duration) {
	t.Helper()
	const rounding = time.Millisecond // by another rate than that of the emulator's voice
	got := time.Duration(len(data)/2) * time.Second / time.Duration(rate)
	if generated == 0 || (got-generated).Abs() > rounding {
		t.Errorf("the samples last %v, the vendor generated %v", got, generated)
	}
}

// wavHeader is the length of the header of a WAV file as it is streamed, in bytes.
const wavHeader = 44

// withoutHeaders takes every WAV header out of what several of them may stand in.
func withoutHeaders(data []byte) (samples []byte, headers int) {
	for {
		before, behind, found := bytes.Cut(data, []byte("RIFF"))
		samples = append(samples, before...)
		if !found {
			return samples, headers
		}
		data = behind[wavHeader-len("RIFF"):]
		headers++
	}
}

// audioBytes is how much audio messages hold in a field.
func audioBytes(t *testing.T, all []map[string]any, field string) (n int) {
	t.Helper()
	for _, m := range all {
		text, _ := m[field].(string)
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		n += len(raw)
	}
	return n
}
