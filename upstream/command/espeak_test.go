package command

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// aloud speaks by espeak-ng itself, with the default options but for the voice.
func aloud(t *testing.T, id, text string) upstreamtest.Heard {
	t.Helper()
	p, err := open(defaults(), upstream.Env{Voices: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	l := &line{Sink: upstreamtest.NewSink(t, text), t: t}
	req := request
	req.Voice = id
	if l.stream, err = p.Open(t.Context(), req, l); err != nil {
		t.Fatal(err)
	}
	l.speak(true, text)
	h := l.wait()
	l.close(nil)
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	return h
}

// itself is what espeak-ng says with options of the test's own.
func itself(t *testing.T, stdin string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("espeak-ng", args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	_, samples, err := audio.ReadWAV(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return samples
}

func TestEspeakSpeaksOptionsInsteadOfObeyingThem(t *testing.T) {
	if _, err := exec.LookPath("espeak-ng"); err != nil {
		t.Skip("espeak-ng is not installed")
	}
	path := filepath.Join(t.TempDir(), "private.txt")
	if err := os.WriteFile(path, []byte("what nobody may hear, at some length"), 0o600); err != nil {
		t.Fatal(err)
	}
	secret := itself(t, "", "--stdout", "-v", "en", "-f"+path)
	for _, text := range []string{"-f/etc/passwd", "-f" + path, "--path=/tmp", "-w out.wav", "--help", "Hello there."} {
		h := aloud(t, "en", text)
		if h.Err != nil || h.Format != (audio.Format{Encoding: audio.PCM16, Rate: 22050}) {
			t.Fatalf("%q: %s, %v", text, h.Format, h.Err)
		}
		if want := itself(t, text+"\n", "--stdin", "--stdout", "-v", "en"); !bytes.Equal(h.Audio, want) {
			t.Errorf("%q: %d bytes of audio, want the %d of its words", text, len(h.Audio), len(want))
		}
		if bytes.Equal(h.Audio, secret) {
			t.Errorf("%q: the file was read out", text)
		}
		if !slices.ContainsFunc(h.Audio, func(b byte) bool { return b != 0 }) {
			t.Errorf("%q: silence", text)
		}
	}
}
