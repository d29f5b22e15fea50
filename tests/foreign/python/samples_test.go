package python_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

func TestVogentSpeaksItsSample(t *testing.T) {
	for _, quirks := range [][]string{
		{"early:true", "oddChunks:true"},
		{"early:false", "oddChunks:false", "strict:true"},
	} {
		server, base := start(t, "vogent", emulator.Options{}, quirks...)
		dir, all := play(t, "vogent.py", base, key)
		if got, want := kinds(messages(all, "", "")), []string{"chunk", "finished"}; !slices.Equal(got, want) {
			t.Errorf("%v: got %v, want %v", quirks, got, want)
		}
		const rate = 24000
		samples, headers := withoutHeaders(saved(t, dir, "output.wav"))
		says(t, samples, rate, "Hello! One two three. Four five six.")
		lasts(t, samples, rate, server.Stats().Streams[0].Audio)
		if headers != 1 { // the sample's own
			t.Errorf("%v: the file has %d headers, want one", quirks, headers)
		}
		if got := server.Stats().Streams; len(got) != 1 || !slices.Equal(got[0].Texts, []string{"Hello! One two three.", " Four five six."}) {
			t.Errorf("%v: the vendor saw %+v", quirks, got)
		}
	}
}

func TestUpliftSpeaksOnAPlainSocket(t *testing.T) {
	for _, quirks := range [][]string{
		{"startsEarly:true", "oddChunks:true"},
		{"startsEarly:false", "oddChunks:false", "sequenceGaps:true"},
	} {
		server, base := start(t, "uplift", emulator.Options{Pace: 8}, quirks...)
		dir, all := play(t, "uplift.py", base, key)
		if got := kinds(messages(all, "", ""))[0]; got != "ready" {
			t.Errorf("%v: began with %s", quirks, got)
		}
		for request, text := range map[string]string{
			"r1": "One two three four five six.", "r2": "Seven eight nine ten eleven twelve.",
		} {
			const rate = 22050
			data := saved(t, dir, request+".pcm")
			says(t, data, rate, text)
			streams := server.Stats().Streams
			i := slices.IndexFunc(streams, func(s emulator.Stream) bool { return s.ID == request })
			lasts(t, data, rate, streams[i].Audio)
			got, want := kinds(messages(all, "requestId", request)), []string{"audio_start", "audio", "audio_end"}
			if !slices.Equal(got, want) {
				t.Errorf("%v: %s: got %v, want %v", quirks, request, got, want)
			}
		}
	}
}

func TestZeligateSpeaksItsSample(t *testing.T) {
	for _, quirks := range [][]string{
		{"finalCloses:true", "upgradeErrors:true", "hold:stream"},
		{"finalCloses:false", "upgradeErrors:false", "hold:chunk", "strictBOS:true"},
	} {
		server, base := start(t, "zeligate", emulator.Options{}, quirks...)
		dir, all := play(t, "zeligate.py", base, key, "pcm_24000")
		const rate = 24000
		says(t, saved(t, dir, "output"), rate, "Hello there. This streams as I type.")
		lasts(t, saved(t, dir, "output"), rate, server.Stats().Streams[0].Audio)
		checkZeligate(t, messages(all, "", ""))
		if !server.WaitFor(func(s emulator.Stats) bool { return s.OpenSockets == 0 }, 10*time.Second) {
			t.Errorf("%v: the client's end was not noticed", quirks)
		}
		if got := server.Stats().Cancels; len(got) != 0 {
			t.Errorf("%v: an end in order was taken for %d cancels", quirks, len(got))
		}
	}
}

// The sample as it stands asks for MP3. The emulator has the frames of it, but nothing to hear in them.
func TestZeligateSpeaksItsSampleInMP3(t *testing.T) {
	server, base := start(t, "zeligate", emulator.Options{})
	dir, all := play(t, "zeligate.py", base, key, "mp3_44100_128")
	checkZeligate(t, messages(all, "", ""))
	const bytesPerSecond, frame = 128_000 / 8, 418 // a frame is 26 ms
	got, want := len(saved(t, dir, "output")), int(server.Stats().Streams[0].Audio.Seconds()*bytesPerSecond)
	if want == 0 || got < want-frame || got > want+frame {
		t.Errorf("got %d bytes, want %d within a frame", got, want)
	}
	if !bytes.HasPrefix(saved(t, dir, "output"), []byte{0xFF, 0xFB}) {
		t.Error("the file does not begin with a frame of MPEG-1, layer III")
	}
}

// checkZeligate checks frames of audio, whose alignments are null, and one that ends them.
func checkZeligate(t *testing.T, all []map[string]any) {
	t.Helper()
	for i, m := range all {
		last := i == len(all)-1
		_, aligned := m["alignment"]
		_, normalized := m["normalizedAlignment"]
		switch {
		case last && (m["isFinal"] != true || m["audio"] != nil):
			t.Errorf("the last frame is %v", m)
		case !last && (m["isFinal"] != nil || !aligned || !normalized || m["alignment"] != nil || m["normalizedAlignment"] != nil):
			t.Errorf("frame %d: isFinal %v, alignment %v, normalizedAlignment %v", i, m["isFinal"], m["alignment"], m["normalizedAlignment"])
		}
	}
	if audioBytes(t, all, "audio") == 0 {
		t.Error("there was no audio")
	}
}
