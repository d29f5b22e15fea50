package tests

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"voicerelay/tests/document"
	"voicerelay/upstream/emulator"
)

var update = flag.Bool("update", false, "write the transcripts of docs/protocol.md anew")

const protocolPage = "../docs/protocol.md"

// The page's transcripts are what a relay really sends, but for what differs from run to run.
func TestProtocolPageShowsRealTraffic(t *testing.T) {
	page, err := os.ReadFile(protocolPage)
	if err != nil {
		t.Fatal(err)
	}
	want := string(page)
	for name, play := range map[string]func(*testing.T) []string{
		"barge-in": bargeIn, "takeover": takeover, "slow language model": slowModel, "reconnect": reconnect,
	} {
		want, err = document.Fill(want, name, "```\n"+strings.Join(play(t), "\n")+"\n```\n")
		if err != nil {
			t.Fatalf("%s: %v", protocolPage, err)
		}
	}
	if *update {
		if err := os.WriteFile(protocolPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(page) {
		t.Errorf("docs/protocol.md shows other traffic than this; run: go test ./tests -run TestProtocolPage -update\n%s", want)
	}
}

// falters keeps a vendor from ending before the client has interrupted or left, however slow the machine is.
var falters = emulator.Fault{Kind: emulator.Stall, After: 1500 * time.Millisecond}

func bargeIn(t *testing.T) []string {
	o := paced
	o.Fault = falters
	c := serve(t, speaksByOne(emulate(t, o))).dial(t)
	c.send(j{"type": "generate", "generation_id": "g1", "context_id": "turn-7", "text": twelve})
	c.await("a second of audio", func(m message) bool { return m.kind == "audio" && m.StartMS >= 1000 })
	c.send(j{"type": "cancel", "context_id": "turn-7", "played": j{"g1": 740}})
	c.done("g1")
	return c.shown()
}

func takeover(t *testing.T) []string {
	c := ailing(t, "error:INTERNAL_ERROR:1500ms").dial(t)
	c.send(j{"type": "generate", "generation_id": "g1", "text": twelve, "word_timestamps": true})
	c.completed("g1")
	return c.shown()
}

func slowModel(t *testing.T) []string {
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	c.send(j{"type": "generate", "generation_id": "g1", "text": "", "final": false})
	c.accepted("g1")
	for _, token := range []string{"The quick brown fox jumps", " over a lazy dog."} {
		c.send(j{"type": "append", "generation_id": "g1", "text": token})
	}
	c.started("g1") // a sentence is spoken without waiting for the next
	c.await("its audio", of("audio", "g1"))
	mark := c.mark()
	c.send(j{"type": "append", "generation_id": "g1", "text": " Near"})
	c.send(j{"type": "flush", "generation_id": "g1"})
	c.awaitFrom(mark, "more audio", of("audio", "g1"))
	c.send(j{"type": "append", "generation_id": "g1", "text": " our house."})
	c.send(j{"type": "finish", "generation_id": "g1"})
	c.completed("g1")
	return c.shown()
}

// reconnect loses one connection before anything was heard and another one after it.
func reconnect(t *testing.T) []string {
	v := emulate(t, emulator.Options{Pace: 4, Seed: 5, Fault: emulator.Fault{Kind: emulator.Stall}})
	r := serve(t, speaksByOne(v))
	ask := j{"type": "generate", "generation_id": "g1", "idempotency_key": "order-41", "text": twelve}
	lines := []string{"first connection, lost before any audio:"}
	c := r.dial(t)
	c.send(ask)
	c.accepted("g1")
	c.drop()
	lines = append(lines, c.shown()...)
	v.SetFault(falters)
	again := r.repeat(t, ask, func(m message) bool { return m.kind == "accepted" })
	again.await("audio", of("audio", "g1"))
	again.drop()
	lines = append(append(lines, "", "second connection, lost in mid-speech:"), again.shown()...)
	last := r.repeat(t, ask, func(m message) bool { return m.kind == "error" && m.First.State != "running" })
	return append(append(lines, "", "third connection:"), last.shown()...)
}

// repeat asks on fresh connections until the relay has noticed how the former one ended.
func (r *relay) repeat(t *testing.T, ask j, settled func(message) bool) *client {
	t.Helper()
	for began := time.Now(); time.Since(began) < deadline; {
		c := r.dial(t)
		c.send(ask)
		if m := c.await("an answer", func(m message) bool { return m.kind == "accepted" || m.kind == "error" }); settled(m) {
			return c
		}
		c.drop()
	}
	t.Fatal("the relay does not notice that a client is gone")
	return nil
}

// shown is what passed on a connection, as a reader wants it: of audio and words the first, and those after a takeover,
// with one line for the rest wherever it came; and nothing that another run would have otherwise.
func (c *client) shown() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var lines []string
	seen := map[string]bool{} // audio and words, of this voice
	for _, line := range c.transcript {
		way, text := line[:3], asMessage(line[3:])
		kind := typeOf(text)
		if kind == "ready" || seen[kind] {
			continue
		}
		if kind == "rerouted" {
			clear(seen)
		}
		if way == "-> " {
			text = ordered(text)
		}
		rest := len(lines) > 0 && strings.HasSuffix(lines[len(lines)-1], "…")
		if seen[kind] = kind == "audio" || kind == "timestamps"; seen[kind] && rest {
			lines = lines[:len(lines)-1]
		}
		lines = append(lines, way+masked(text))
		if seen[kind] {
			lines = append(lines, way+"…")
		}
	}
	return lines
}

var audioLine = regexp.MustCompile(`^audio (\S+) seq (\d+) start_ms (\d+) samples (\d+) .*$`)

// asMessage is a line of the transcript as the message that it stands for.
func asMessage(line string) string {
	return audioLine.ReplaceAllString(line, `{"type":"audio","generation_id":"$1","seq":$2,"start_ms":$3,"samples":$4,"audio":"…"}`)
}

func typeOf(text string) string {
	_, rest, _ := strings.Cut(text, `"type":"`)
	kind, _, _ := strings.Cut(rest, `"`)
	return kind
}

// ordered is a command with its type and id in front.
func ordered(text string) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &fields) != nil {
		return text
	}
	names := []string{"type", "generation_id"}
	var rest []string
	for name := range fields {
		if !slices.Contains(names, name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	var parts []string
	for _, name := range append(names, rest...) {
		if value, ok := fields[name]; ok {
			parts = append(parts, fmt.Sprintf("%q:%s", name, value))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

var masks = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`"record_id":"[^"]*"`), `"record_id":"…"`},
	{regexp.MustCompile(`"usage":.*\}$`), `"usage":{…},"timing":{…}}`},
}

// masked leaves out what differs from run to run, or is told elsewhere on the page.
func masked(text string) string {
	for _, m := range masks {
		text = m.what.ReplaceAllString(text, m.as)
	}
	return text
}
