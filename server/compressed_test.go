package server

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/mewkiz/flac"

	"voicerelay/audio"
	"voicerelay/audio/codec"
	"voicerelay/billing"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// encodedBy are codecs whose MP3 is made by a command.
func encodedBy(t *testing.T, most int, command ...string) *codec.Set {
	t.Helper()
	cfg := codec.DefaultConfig()
	cfg.MP3 = codec.ProgramConfig{Command: command, MaxRunning: most}
	set, failed := codec.New(t.Context(), cfg)
	for _, err := range failed {
		if strings.Contains(err.Error(), "mp3") {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := set.Close(); err != nil {
			t.Error(err)
		}
	})
	return set
}

// newCodecRig is a relay with codecs, which are closed after it.
func newCodecRig(t *testing.T, set *codec.Set, order []string, vendors fakes) *rig {
	t.Helper()
	return newRigWith(t, Config{}, order, vendors, func(p *Parts) { p.Codecs = set })
}

// newRigOfPrograms is a relay outside of a bubble, whose time would stand still while a program runs.
func newRigOfPrograms(t *testing.T, set *codec.Set, order []string, vendors fakes) *rig {
	t.Helper()
	parts := fakeParts(t, routing.DefaultPace(), order, vendors)
	parts.Codecs = set
	return newRigOf(t, Config{}, parts)
}

// flacSamples are those of a FLAC file.
func flacSamples(t *testing.T, file []byte) (pcm []byte) {
	t.Helper()
	log.SetOutput(io.Discard) // the decoder tells which rates its own tests lack
	stream, err := flac.New(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for {
		f, err := stream.ParseNext()
		if errors.Is(err, io.EOF) {
			return pcm
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range f.Subframes[0].Samples {
			pcm = binary.LittleEndian.AppendUint16(pcm, uint16(int16(v)))
		}
	}
}

// gather checks the messages of a generation with compressed audio: their order, and that their samples add up.
func gather(t *testing.T, events []event, rate int) (file []byte, samples int64) {
	t.Helper()
	seq := 0
	for i, e := range events {
		switch e.kind() {
		case "audio":
			if e["seq"] != float64(seq) || e["start_ms"] != float64(audio.Milliseconds(samples, rate)) {
				t.Fatalf("frame %d after %d samples: got %v at %v ms", seq, samples, e["seq"], e["start_ms"])
			}
			data, err := base64.StdEncoding.DecodeString(e["audio"].(string))
			if err != nil {
				t.Fatal(err)
			}
			file, samples, seq = append(file, data...), samples+int64(e["samples"].(float64)), seq+1
		case "started":
			if seq > 0 {
				t.Errorf("started comes after %d frames", seq)
			}
		case "timestamps":
			for _, w := range e["words"].([]any) {
				if end := w.(map[string]any)["end_ms"].(float64); end > float64(audio.Milliseconds(samples, rate))+100 {
					t.Errorf("message %d: a word that ends at %v ms comes after %d samples", i, end, samples)
				}
			}
		}
	}
	return file, samples
}

func TestCompressedSpeechOverAWebSocket(t *testing.T) {
	for _, rate := range []int{24000, 8000, 48000} {
		synctest.Test(t, func(t *testing.T) {
			c := newCodecRig(t, nil, []string{"alpha"}, fakes{"alpha": relaytest.Lively()}).dial("")
			c.send(generate("g1", relaytest.TwelveWords, fmt.Sprintf(`,"word_timestamps":true,"output":{"encoding":"flac","sample_rate":%d}`, rate)))
			done, events := c.until("done")
			file, samples := gather(t, events, rate)
			pcm := flacSamples(t, file)
			if int64(len(pcm)) != 2*samples {
				t.Errorf("the file has %d samples, and the messages tell of %d", len(pcm)/2, samples)
			}
			if ms := done["usage"].(map[string]any)["audio_ms"]; ms != float64(audio.Milliseconds(samples, rate)) {
				t.Errorf("%v ms are accounted for, want %d", ms, audio.Milliseconds(samples, rate))
			}
			if got, want := relaytest.Heard(pcm), relaytest.Letters(relaytest.TwelveWords); rate == relaytest.FakeRate && got != want {
				t.Errorf("heard %q, want %q", got, want)
			}
			started := slices.IndexFunc(events, func(e event) bool { return e.kind() == "started" })
			if out := events[started]["output"].(map[string]any); out["encoding"] != "flac" || out["sample_rate"] != float64(rate) {
				t.Errorf("started tells of %v", out)
			}
			if words := slices.IndexFunc(events, func(e event) bool { return e.kind() == "timestamps" }); words < started || words > len(events)-2 {
				t.Errorf("the first words are message %d of %d", words, len(events))
			}
		})
	}
}

func TestCompressedSpeechInBinaryFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCodecRig(t, nil, []string{"alpha"}, fakes{"alpha": relaytest.Lively()}).dial("?audio=binary")
		c.send(generate("g1", relaytest.TwelveWords, `,"output":{"encoding":"flac"}`))
		var file []byte
		for {
			kind, data, err := c.conn.Read(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if kind == websocket.MessageBinary {
				file = append(file, data[3+len("g1")+12:]...)
			} else if bytes.Contains(data, []byte(`"type":"done"`)) {
				break
			}
		}
		if got, want := relaytest.Heard(flacSamples(t, file)), relaytest.Letters(relaytest.TwelveWords); got != want {
			t.Errorf("heard %q, want %q", got, want)
		}
	})
}

// A voice that takes over goes on in the same stream.
func TestATakeoverGoesOnInOneStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := relaytest.Lively()
		first.FailAt, first.Failure = 44, &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
		c := newCodecRig(t, nil, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": relaytest.Lively()}).dial("")
		c.send(generate("g1", relaytest.TwelveWords, `,"output":{"encoding":"flac"}`))
		done, events := c.until("done")
		if done["reason"] != "completed" || !slices.ContainsFunc(events, func(e event) bool { return e.kind() == "rerouted" }) {
			t.Fatalf("got %v, want a takeover", done)
		}
		file, samples := gather(t, events, 24000)
		if pcm := flacSamples(t, file); int64(len(pcm)) != 2*samples {
			t.Errorf("the file has %d samples, and the messages tell of %d", len(pcm)/2, samples)
		}
	})
}

// Generations of a context are spoken in order, each in a stream of its own, also beside those that are not compressed.
func TestCompressedGenerationsOfAContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCodecRig(t, nil, []string{"alpha"}, fakes{"alpha": relaytest.Lively()}).dial("")
		outputs := []string{"flac", "pcm_s16le", "flac"}
		for i, encoding := range outputs {
			c.send(generate(fmt.Sprint("g", i), "Hello you there.", fmt.Sprintf(`,"context_id":"c","output":{"encoding":%q}`, encoding)))
		}
		for i, encoding := range outputs {
			_, events := c.until("done")
			events = slices.DeleteFunc(events, func(e event) bool { return e["generation_id"] != fmt.Sprint("g", i) })
			file, _ := gather(t, events, 24000)
			if encoding == "flac" {
				file = flacSamples(t, file)
			}
			if got := relaytest.Heard(file); got != relaytest.Letters("Hello you there.") {
				t.Errorf("generation %d: heard %q", i, got)
			}
		}
	})
}

func TestACancelOfCompressedSpeech(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCodecRig(t, nil, []string{"alpha"}, fakes{"alpha": relaytest.Lively()}).dial("")
		c.send(generate("g1", relaytest.TwelveWords, `,"output":{"encoding":"flac"}`))
		c.until("audio")
		c.send(`{"type":"cancel","generation_id":"g1"}`)
		done, _ := c.until("done")
		if done["reason"] != "cancelled" {
			t.Errorf("got %v", done)
		}
		c.send(generate("g2", "Hello.", `,"output":{"encoding":"flac"}`))
		if done, _ := c.until("done"); done["reason"] != "completed" {
			t.Errorf("after it: %v", done)
		}
	})
}

func TestCompressedSpeechOverHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newCodecRig(t, nil, []string{"alpha"}, fakes{"alpha": relaytest.Lively()})
		body := fmt.Sprintf(`{"text":%q,"output":{"encoding":"flac"}}`, relaytest.TwelveWords)
		for _, path := range []string{"/v1/speech", "/v1/speech?length=known"} {
			s := r.speakTo(path, body, nil)
			if s.broken != nil || s.header.Get("Content-Type") != "audio/flac" {
				t.Errorf("%s: %d, %v, %v", path, s.status, s.header, s.broken)
			}
			if got, want := relaytest.Heard(flacSamples(t, s.body)), relaytest.Letters(relaytest.TwelveWords); got != want {
				t.Errorf("%s: heard %q, want %q", path, got, want)
			}
		}
		s := r.speakTo("/v1/speech", body, http.Header{"Accept": {"application/x-ndjson"}})
		var events []event
		for line := range bytes.Lines(s.body) {
			e := event{}
			if err := json.Unmarshal(line, &e); err != nil {
				t.Fatal(err)
			}
			events = append(events, e)
		}
		file, _ := gather(t, events, 24000)
		if got, want := relaytest.Heard(flacSamples(t, file)), relaytest.Letters(relaytest.TwelveWords); got != want {
			t.Errorf("in lines: heard %q, want %q", got, want)
		}
	})
}

// The beginning is there while the vendor still speaks.
func TestCompressedSpeechComesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := relaytest.Lively()
		slow.Pace = time.Second
		r := newCodecRig(t, nil, []string{"alpha"}, fakes{"alpha": slow})
		begun := time.Now()
		res, err := r.post(context.Background(), `{"text":"Hello there.","output":{"encoding":"flac"}}`, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if _, err := io.ReadFull(res.Body, make([]byte, 500)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took > 4*time.Second { // the frames of 200 ms
			t.Errorf("it came after %v", took)
		}
	})
}

// A program gets the samples, and its output is the body.
func TestAProgramsOutputIsTheBody(t *testing.T) {
	r := newRigOfPrograms(t, encodedBy(t, 1, "cat"), []string{"alpha"}, fakes{"alpha": relaytest.Lively()})
	for range 2 { // the place is free again
		s := r.speak(`{"text":"Hello you there.","output":{"encoding":"mp3"}}`, nil)
		if s.broken != nil || s.header.Get("Content-Type") != "audio/mpeg" {
			t.Errorf("%d, %v, %v", s.status, s.header, s.broken)
		}
		if got, want := relaytest.Heard(s.body), relaytest.Letters("Hello you there."); got != want {
			t.Errorf("heard %q, want %q", got, want)
		}
	}
}

// A program that fails breaks the body off if that has begun, and over a WebSocket fails the generation, also in the ledger.
func TestAProgramThatFailsFailsItsGeneration(t *testing.T) {
	for name, tt := range map[string]struct {
		script string // which does well with the moment of silence that it is tried with
		status int
	}{
		"in mid-speech":       {"exec head -c 50000", http.StatusOK},
		"at the end":          {"printf x; n=$(wc -c); [ $n -lt 10000 ]", http.StatusOK},
		"before it gives any": {"n=$(wc -c); printf x; [ $n -lt 10000 ]", http.StatusInternalServerError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := encodedBy(t, 2, "sh", "-c", tt.script)
			r, ledger := newRigOfPrograms(t, set, []string{"alpha"}, fakes{"alpha": relaytest.Lively()}), &fakeLedger{}
			r.ledger.Ledger = ledger
			s := r.speak(fmt.Sprintf(`{"text":%q,"output":{"encoding":"mp3"}}`, relaytest.TwelveWords), nil)
			if s.status != tt.status || (s.broken != nil) != (tt.status == http.StatusOK) {
				t.Errorf("over HTTP: %d, %v; want %d, and a body that breaks off if it has begun", s.status, s.broken, tt.status)
			}
			c := r.dial("")
			c.send(generate("g1", relaytest.TwelveWords, `,"output":{"encoding":"mp3"}`))
			done, _ := c.until("done")
			if done["reason"] != "failed" || done["error"].(map[string]any)["code"] != "internal" {
				t.Errorf("got %v, want an internal error", done)
			}
			ledger.mu.Lock()
			defer ledger.mu.Unlock()
			if n := len(ledger.closed); n == 0 || ledger.closed[n-1].Outcome != billing.Failed || ledger.closed[n-1].Code != "internal" {
				t.Errorf("the ledger has %+v", ledger.closed)
			}
		})
	}
}

// A program that hangs is killed, and its generation fails.
func TestAProgramThatHangsFailsItsGeneration(t *testing.T) {
	t.Parallel()
	set := encodedBy(t, 1, "sh", "-c", "n=$(head -c 4800 | wc -c); printf x; [ $n -lt 4800 ] || head -c 1 | grep -q . && exec sleep 1000; exit 0")
	r := newRigOfPrograms(t, set, []string{"alpha"}, fakes{"alpha": relaytest.Lively()})
	c := r.dial("")
	c.send(generate("g1", relaytest.TwelveWords, `,"output":{"encoding":"mp3"}`))
	done, _ := c.until("done")
	if done["reason"] != "failed" || done["error"].(map[string]any)["code"] != "internal" {
		t.Errorf("got %v, want an internal error", done)
	}
}

func TestWithoutAnEncoderItIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newCodecRig(t, nil, []string{"alpha"}, fakes{"alpha": relaytest.Lively()})
		s := r.speak(`{"text":"Hello.","output":{"encoding":"mp3"}}`, nil)
		if s.status != http.StatusBadRequest || s.code() != "unsupported_format" || !strings.Contains(string(s.body), "lame or ffmpeg") {
			t.Errorf("over HTTP: %d, %s", s.status, s.body)
		}
		c := r.dial("")
		if got := fmt.Sprint(c.next()["formats"]); !strings.Contains(got, "flac") || strings.Contains(got, "mp3") {
			t.Errorf("ready tells of %s", got)
		}
		for _, command := range []string{
			generate("g1", "Hello.", `,"output":{"encoding":"opus"}`), `{"type":"configure","output":{"encoding":"opus"}}`,
		} {
			c.send(command)
			e := c.next()
			if e.kind() != "error" || e["code"] != "unsupported_format" || e["param"] != "output.encoding" || !strings.Contains(e["message"].(string), "opusenc") {
				t.Errorf("%s: got %v", command, e)
			}
		}
	})
}

func TestMoreEncodersThanMayRunAreRefused(t *testing.T) {
	c := newRigOfPrograms(t, encodedBy(t, 1, "cat"), []string{"alpha"}, fakes{"alpha": relaytest.Lively()}).dial("")
	if got := fmt.Sprint(c.next()["formats"]); !strings.Contains(got, "mp3") {
		t.Errorf("ready tells of %s", got)
	}
	c.send(generate("g1", relaytest.TwelveWords, `,"output":{"encoding":"mp3"}`))
	c.until("started")
	c.send(generate("g2", relaytest.TwelveWords, `,"output":{"encoding":"mp3"}`))
	if e, _ := c.until("error"); e["code"] != "too_many_generations" || e["generation_id"] != "g2" {
		t.Errorf("got %v", e)
	}
	if done, _ := c.until("done"); done["reason"] != "completed" {
		t.Errorf("got %v", done)
	}
}

// A cancel kills the program and what it has started, and nothing that it gives goes out any more.
func TestACancelKillsTheEncoder(t *testing.T) {
	child := filepath.Join(t.TempDir(), "child")
	if err := syscall.Mkfifo(child, 0o600); err != nil { // an encoder writes no file
		t.Fatal(err)
	}
	told, err := os.OpenFile(child, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer told.Close()
	set := encodedBy(t, 2, "sh", "-c", `sleep 1000 & echo $! > `+child+`; cat`)
	var pid int
	if _, err := fmt.Fscanln(told, &pid); err != nil { // of the trial
		t.Fatal(err)
	}
	c := newRigOfPrograms(t, set, []string{"alpha"}, fakes{"alpha": relaytest.Lively()}).dial("")
	c.send(generate("g1", relaytest.TwelveWords, `,"output":{"encoding":"mp3"}`))
	c.until("audio")
	if _, err := fmt.Fscanln(told, &pid); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	c.send(`{"type":"cancel","generation_id":"g1"}`)
	if done, _ := c.until("done"); done["reason"] != "cancelled" {
		t.Errorf("got %v", done)
	}
	awaitGone(t, pid)
	if took := time.Since(begun); took > 100*time.Millisecond {
		t.Errorf("it took %v", took)
	}
	c.send(`{"type":"ping"}`)
	if _, before := c.until("pong"); len(before) > 0 {
		t.Errorf("after done: %v", before)
	}
}

// awaitGone waits until a process is gone.
func awaitGone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		line, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
		if err != nil || len(line) == 0 { // of one that nobody has waited for yet
			return
		}
	}
	t.Error("what the encoder has started lives")
}

// Encoders that are installed are there with the next generation, and one that runs ends as it began.
func TestEncodersAreReloaded(t *testing.T) {
	set := encodedBy(t, 1, "cat") // closed after the relay
	r := newRigOfPrograms(t, nil, []string{"alpha"}, fakes{"alpha": relaytest.Lively()})
	c := r.dial("")
	c.send(generate("g1", relaytest.TwelveWords, `,"output":{"encoding":"flac"}`))
	c.until("audio")
	parts := r.parts
	parts.Codecs = set
	if _, err := r.srv.Reload(r.cfg, parts); err != nil {
		t.Fatal(err)
	}
	if done, _ := c.until("done"); done["reason"] != "completed" {
		t.Errorf("got %v", done)
	}
	c.send(generate("g2", "Hello.", `,"output":{"encoding":"mp3"}`))
	if done, _ := c.until("done"); done["reason"] != "completed" {
		t.Errorf("got %v", done)
	}
}
