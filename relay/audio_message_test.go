package relay

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"voicerelay/audio"
	"voicerelay/relay/relaytest"
	"voicerelay/upstream"
)

// spliced is what a client of the output gets of a vendor's base64, and the attempt that took it. It fails the test where
// a message is no JSON.
func spliced(t *testing.T, output audio.Format, frames ...string) (*attempt, []byte) {
	t.Helper()
	a := stage{vendor: relaytest.NewFake(), output: output}.attempt(t)
	ordered(a) // nothing to speak: no audio is too little for that
	for _, f := range frames {
		a.Audio(upstream.Frame{Format: relaytest.FakeFormat, Base64: []byte(f)})
	}
	if !a.outcome.Over() {
		a.End(upstream.Usage{}, nil)
	}
	var got []byte
	for _, body := range drain(a.out.outbox) {
		var m struct {
			Type  string
			Audio []byte
		}
		if bytes.ContainsAny(body, "\r\n") {
			t.Errorf("a message of two lines: %.120q", body)
		}
		if err := json.Unmarshal(body, &m); err != nil {
			t.Fatalf("%v: %.120q", err, body)
		}
		if m.Type == "audio" {
			got = append(got, m.Audio...)
		}
	}
	return a, got
}

func TestBase64WithLineBreaksIsEncodedAgain(t *testing.T) {
	raw := make([]byte, 480)
	for i := range raw {
		raw[i] = byte(i * 7)
	}
	plain := base64.StdEncoding.EncodeToString(raw)
	var mime strings.Builder
	for rest := plain; rest != ""; rest = rest[min(76, len(rest)):] {
		mime.WriteString(rest[:min(76, len(rest))] + "\r\n")
	}
	for name, frame := range map[string]string{
		"none":                  plain,
		"one at the end":        plain + "\n",
		"four at the end":       plain + "\n\n\n\n",
		"one at the beginning":  "\n" + plain,
		"four in the middle":    plain[:322] + "\n\n\n\n" + plain[322:],
		"a carriage return":     plain[:7] + "\r" + plain[7:],
		"lines as in mail":      mime.String(),
		"a character to a line": strings.Join(strings.Split(plain, ""), "\n"),
	} {
		t.Run(name, func(t *testing.T) {
			if a, got := spliced(t, relaytest.FakeFormat, frame); !bytes.Equal(got, raw) {
				t.Errorf("got %d bytes of audio, want %d: %v", len(got), len(raw), a.outcome.Err)
			}
		})
	}
}

// A vendor's frame that is far longer than a message should be comes in several messages, of whole samples.
func TestLongFramesAreCut(t *testing.T) {
	for _, output := range []audio.Format{
		{Encoding: audio.PCM16, Rate: 48000}, {Encoding: audio.PCMF32, Rate: 24000}, {Encoding: audio.MuLaw, Rate: 8000}, {Encoding: audio.WAV, Rate: 44100},
	} {
		a := stage{vendor: relaytest.NewFake(), output: output}.attempt(t)
		ordered(a)
		const seconds = 3
		raw := make([]byte, seconds*relaytest.FakeRate*relaytest.FakeFormat.BytesPerSample())
		a.Audio(upstream.Frame{Format: relaytest.FakeFormat, Raw: raw})
		a.End(upstream.Usage{}, nil)
		var bytes int
		for _, body := range drain(a.out.outbox) {
			var m struct{ Audio []byte }
			if err := json.Unmarshal(body, &m); err != nil {
				t.Fatal(err)
			}
			if bytes += len(m.Audio); len(m.Audio) > maxMessageAudio+len(audio.WAVHeader(output.Rate)) || len(m.Audio)%output.BytesPerSample() != 0 {
				t.Errorf("%v: a message has %d bytes of audio", output, len(m.Audio))
			}
		}
		if want := seconds * output.Rate * output.BytesPerSample(); bytes < want || bytes > want+len(audio.WAVHeader(output.Rate)) {
			t.Errorf("%v: got %d bytes, want %d", output, bytes, want)
		}
	}
}

// FuzzSplicedBase64 gives two frames of any bytes where base64 is expected: the client gets JSON with the audio that a
// strict reader makes of them, or the attempt is garbled.
func FuzzSplicedBase64(f *testing.F) {
	long := base64.StdEncoding.EncodeToString(make([]byte, 4800))
	for _, seed := range []string{"AAAA", "AAA=", "AA==", "AA==\n\n\n\n", "AA\n\n\n\nAA", `AA\/A`, `AA"A`, "AA=A", "\xff", "AAA=AAAA", long, long + "\n"} {
		f.Add([]byte(seed), []byte("AQID"))
		f.Add([]byte("AQID"), []byte(seed))
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		if len(first)+len(second) > 1<<16 {
			t.Skip("far more audio than the text can take")
		}
		a, got := spliced(t, relaytest.FakeFormat, string(first), string(second))
		var want []byte
		for _, frame := range [][]byte{first, second} {
			raw, err := base64.StdEncoding.DecodeString(string(frame))
			if err != nil {
				if upstream.KindOf(a.outcome.Err) != upstream.Garbled {
					t.Errorf("%q: got %v, want garbled", frame, a.outcome.Err)
				}
				return
			}
			want = append(want, raw...)
		}
		if want = want[:len(want)/2*2]; !bytes.Equal(got, want) {
			t.Errorf("%q and %q: got %x, want %x (%v)", first, second, got, want, a.outcome.Err)
		}
	})
}

// A voice that breaks off within a sample leaves nothing of it to the next one, whose samples come whole.
func TestAVoiceThatTakesOverBeginsWithAWholeSample(t *testing.T) {
	first := speaking(t, relaytest.FakeFormat, false)
	ordered(first)
	first.Audio(relaytest.FakeFrame('a'))
	first.Audio(upstream.Frame{Format: relaytest.FakeFormat, Raw: []byte{1, 2, 3}}) // half of a sample is left
	attemptsOf(first).prepareBackup()
	second := attemptsOf(first).begin(first.target, betaMay())
	ordered(second)
	drain(first.out.outbox)
	frame := make([]byte, 2*24000) // a second of samples whose bytes differ
	for i := 0; i < len(frame); i += 2 {
		frame[i], frame[i+1] = 0x34, 0x12
	}
	second.Audio(upstream.Frame{Format: relaytest.FakeFormat, Base64: []byte(base64.StdEncoding.EncodeToString(frame))})
	var got []byte
	for _, body := range drain(first.out.outbox) {
		var m struct{ Audio []byte }
		if err := json.Unmarshal(body, &m); err != nil {
			t.Fatal(err)
		}
		got = append(got, m.Audio...)
	}
	if tail := frame[len(frame)/2:]; len(got)%2 != 0 || !bytes.HasSuffix(got, tail) {
		t.Errorf("got %d bytes that end with %x, want whole samples of 0x1234", len(got), got[max(0, len(got)-6):])
	}
}
