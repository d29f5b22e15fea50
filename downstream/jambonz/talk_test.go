package jambonz

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/billing"
	"voicerelay/downstream/downstreamtest"
	"voicerelay/relay"
	"voicerelay/relay/relaytest"
	"voicerelay/server"
)

func query(rate string) url.Values {
	return url.Values{"voice": {downstreamtest.Voice}, "language": {"en-US"}, "sampleRate": {rate}}
}

// inBubble plays a test with a client of a relay.
func inBubble(t *testing.T, play func(t *testing.T, r *downstreamtest.Relay, c *fakeClient), changes ...downstreamtest.Change) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{}, changes...)
		c, err := dial(r, downstreamtest.Key, query("24000"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Hangup()
		play(t, r, c)
	})
}

// listen is what comes until nothing has come for a while: the audio as text and its length in bytes, and the text messages.
func (c *fakeClient) listen(patience time.Duration) (says string, bytes int, messages []string) {
	var pcm []byte
	for {
		m, ok := c.read(patience)
		switch {
		case !ok:
			return relaytest.Heard(pcm), len(pcm), messages
		case m.err != nil:
			return relaytest.Heard(pcm), len(pcm), append(messages, m.err.Error())
		case m.kind == websocket.MessageBinary:
			pcm = append(pcm, m.data...)
		default:
			messages = append(messages, string(m.data))
		}
	}
}

// step does what a line of a transcript says, or checks that the relay does.
func (c *fakeClient) step(t *testing.T, line string) {
	t.Helper()
	if message, ours := strings.CutPrefix(line, "> "); ours {
		c.sendRaw(message)
		return
	}
	want := strings.TrimPrefix(line, "< ")
	if want == "audio begins" {
		if m, ok := c.read(quiet); !ok || m.kind != websocket.MessageBinary {
			t.Errorf("%s: got %q", line, m.data)
		}
		return
	}
	says, bytes, messages := c.listen(quiet)
	got := strings.Join(messages, "\n")
	text, spoken := strings.CutPrefix(want, "audio: ")
	switch {
	case spoken && (says != relaytest.Letters(text) || got != ""):
		t.Errorf("%s: said %q, sent %q", line, says, got)
	case want == "nothing" && (len(says) > 1 || got != ""): // but what was in the socket
		t.Errorf("%s: said %q, sent %q", line, says, got)
	case want == "silence" && (says != "" || bytes != 4800 || got != ""):
		t.Errorf("%s: said %q in %d bytes, sent %q", line, says, bytes, got)
	case strings.HasPrefix(want, "{") && got != want:
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTranscript(t *testing.T) {
	transcript, err := os.ReadFile("testdata/call.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	inBubble(t, func(t *testing.T, _ *downstreamtest.Relay, c *fakeClient) {
		for line := range strings.SplitSeq(strings.TrimSpace(string(transcript)), "\n") {
			if !strings.HasPrefix(line, "#") {
				c.step(t, line)
			}
		}
	})
}

// The rate that is declared is that of the audio.
func TestRateIsDeclared(t *testing.T) {
	for asked, want := range map[string]int{"": 16000, "8000": 8000, "48000": 48000} {
		synctest.Test(t, func(t *testing.T) {
			r := downstreamtest.Start(t, Dialect{})
			c, err := dial(r, downstreamtest.Key, query(asked))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Hangup()
			c.Say("", "Hello there.")
			c.End("")
			_, bytes, messages := c.listen(quiet)
			if got := fmt.Sprintf(`{"type":"connect","data":{"sample_rate":%d,"base64_encoding":false}}`, want); len(messages) != 1 || messages[0] != got {
				t.Errorf("%q: got %q", asked, messages)
			}
			said := time.Duration(bytes) * time.Second / time.Duration(2*want)
			if pace := said / time.Duration(len("Hello there.")); pace < 45*time.Millisecond || pace > 55*time.Millisecond {
				t.Errorf("%q: %v of audio at the declared rate, a character takes %v", asked, said, pace)
			}
		})
	}
}

// An application that flushes each sentence is spoken in its order, whatever is in flight, and none is refused.
func TestManyFlushesAreSpokenInOrder(t *testing.T) {
	few := func(cfg *server.Config, _ *server.Parts) { cfg.Keys[0].Limits.MaxConcurrentGenerations = 4 }
	inBubble(t, func(t *testing.T, r *downstreamtest.Relay, c *fakeClient) {
		var all strings.Builder
		for i := range 30 {
			text := fmt.Sprintf("This is sentence %c.", 'a'+i%26)
			all.WriteString(text)
			c.Say("", text)
			c.End("")
		}
		says, _, messages := c.listen(quiet)
		if says != relaytest.Letters(all.String()) || len(messages) != 1 {
			t.Errorf("said %q, sent %q", says, messages)
		}
		if n := len(r.First.Requests()); n < 2 {
			t.Errorf("%d requests at the vendor, want several", n)
		}
	}, few)
}

// Text after a long pause is spoken, though what came before it was never flushed; so is what is more than one generation may have.
func TestTextIsNeverLost(t *testing.T) {
	short := func(cfg *server.Config, _ *server.Parts) { cfg.Keys[0].Limits.MaxTextCharacters = 100 }
	inBubble(t, func(t *testing.T, _ *downstreamtest.Relay, c *fakeClient) {
		c.listen(time.Second)
		for range 3 {
			c.Say("", "One two three.")
			if says, _, messages := c.listen(2 * time.Minute); says != relaytest.Letters("One two three.") || messages != nil {
				t.Errorf("said %q, sent %q", says, messages)
			}
		}
		c.Say("", relaytest.TwelveWords)
		c.Say("", " "+relaytest.TwelveWords)
		c.End("")
		if says, _, messages := c.listen(quiet); says != relaytest.Letters(relaytest.TwelveWords+relaytest.TwelveWords) || messages != nil {
			t.Errorf("said %q, sent %q", says, messages)
		}
	}, short)
}

// slowLedger takes its time for the end of a generation.
type slowLedger struct{ relay.Ledger }

func (l slowLedger) Close(ctx context.Context, r billing.Record) error {
	time.Sleep(2 * time.Second)
	return l.Ledger.Close(ctx, r)
}

// Text that comes between a generation's end and the news of it is spoken all the same.
func TestTextAtTheEndOfAPauseIsSpoken(t *testing.T) {
	slow := func(_ *server.Config, parts *server.Parts) { parts.Ledger = slowLedger{downstreamtest.NewRecords()} }
	inBubble(t, func(t *testing.T, _ *downstreamtest.Relay, c *fakeClient) {
		c.Say("", "One two three.")
		began := time.Now()
		c.listen(quiet)
		time.Sleep(61*time.Second - time.Since(began)) // the text has idled, and the ledger is being written
		c.Say("", "Four five.")
		c.End("")
		if says, _, messages := c.listen(quiet); says != relaytest.Letters("Four five.") || messages != nil {
			t.Errorf("said %q, sent %q", says, messages)
		}
	}, slow)
}

// A text with nothing to speak does not part the one before it.
func TestSilenceDoesNotPartSpeech(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *downstreamtest.Relay, c *fakeClient) {
		c.Say("", relaytest.TwelveWords)
		c.End("")
		c.Say("", "…")
		c.End("")
		_, alone, _ := c.listen(quiet)
		c.Say("", relaytest.TwelveWords)
		c.End("")
		if _, bytes, _ := c.listen(quiet); bytes != alone {
			t.Errorf("%d bytes with a text of nothing behind it, %d without", alone, bytes)
		}
	})
}

func TestSentencesThatLostTheirSpaceAreParted(t *testing.T) {
	inBubble(t, func(t *testing.T, r *downstreamtest.Relay, c *fakeClient) {
		c.Say("", "One two.")
		c.Say("", "Three four.")
		c.End("")
		c.listen(quiet)
		if got := strings.Join(r.First.Texts(), ""); !strings.Contains(got, "two. Three") {
			t.Errorf("the vendor was given %q", got)
		}
	})
}

// refusedMessages get an error each.
func refusedMessages() []string {
	all := []string{
		"", "null", "7", "[]", "{", "}", "{}", `{"type":""}`, `{"type":null}`, `{"type":7}`, `{"type":[]}`, `{"type":{}}`,
		`{"type":"stream","text":7}`, `{"type":"stream","text":[]}`, `{"type":"stream","text":{}}`, `{"type":"stream","text":true}`,
		"\x00", "{\"type\":\"stream\",\"text\":\"\xff\"}", `{"type":"flush"}{}`, strings.Repeat("[", 1000),
		`{"type":"stream","text":"` + strings.Repeat("word ", 3000) + `"}`,
		`{"type":"flush","a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
	}
	random := rand.New(rand.NewPCG(3, 4))
	for len(all) < 220 {
		good := `{"type":"stream","text":"Hello there.","more":{"a":[1,2]}}`
		all = append(all, good[:1+random.IntN(len(good)-1)])
	}
	return all
}

// Whatever jambonz sends gets an error of its own, and harms neither the turn before it nor another client.
func TestHostileMessagesAreRefusedAndHarmNobody(t *testing.T) {
	inBubble(t, func(t *testing.T, r *downstreamtest.Relay, bystander *fakeClient) {
		text := strings.Repeat(relaytest.TwelveWords+" ", 6)
		bystander.Say("", text)
		bystander.End("")
		for at, message := range refusedMessages() {
			c, err := dial(r, downstreamtest.Key, query("24000"))
			if err != nil {
				t.Fatal(err)
			}
			c.sendRaw(message)
			if at%50 == 0 {
				c.Say("", "One two.")
				c.End("")
			}
			patience := 20 * time.Millisecond // the bystander does not read meanwhile
			if at%50 == 0 {
				patience = 2 * time.Second
			}
			says, _, messages := c.listen(patience)
			if len(messages) != 2 || !strings.HasPrefix(messages[1], `{"type":"error","error":"`) {
				t.Errorf("%.60q: sent %q", message, messages)
			}
			if at%50 == 0 && says != relaytest.Letters("One two.") {
				t.Errorf("%.60q: then said %q", message, says)
			}
			c.Hangup()
		}
		if says, _, messages := bystander.listen(quiet); says != relaytest.Letters(text) || len(messages) != 1 {
			t.Errorf("another client heard %q, was sent %q", says, messages)
		}
	})
}

func TestNonsenseWithoutEndIsCutOff(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *downstreamtest.Relay, c *fakeClient) {
		go func() { // ends with the connection
			for range 2 * mostStrikes {
				c.sendRaw("nonsense")
			}
		}()
		for {
			if m, ok := c.read(time.Minute); !ok || m.err != nil {
				if !errors.Is(m.err, io.EOF) {
					t.Errorf("got %v, want the connection closed", m.err)
				}
				return
			}
		}
	})
}

func TestUpgradeIsRefusedByItsStatus(t *testing.T) {
	for name, test := range map[string]struct {
		query url.Values
		want  int
	}{
		"no such voice":   {url.Values{"voice": {"nobody"}}, 404},
		"no such route":   {url.Values{"route": {"nowhere"}}, 404},
		"no such rate":    {url.Values{"sampleRate": {"11025"}}, 400},
		"no rate at all":  {url.Values{"sampleRate": {"fast"}}, 400},
		"no language":     {url.Values{"language": {"English (US)"}}, 400},
		"unknown is fine": {url.Values{"callSid": {"a"}, "language": {"default"}}, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, err := dial(downstreamtest.Start(t, Dialect{}), downstreamtest.Key, test.query)
			var refused *downstreamtest.Refused
			switch {
			case err == nil:
				c.Hangup()
				if test.want != 0 {
					t.Errorf("%s: it was taken", name)
				}
			case !errors.As(err, &refused) || refused.Status != test.want:
				t.Errorf("%s: got %v, want %d", name, err, test.want)
			}
		})
	}
}

func TestPlainRequestIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/jambonz/stream", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+downstreamtest.Key)
		answer, err := r.HTTP().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if refused := downstreamtest.RefusedBy(answer); refused.Status != http.StatusBadRequest {
			t.Errorf("got %v", refused)
		}
	})
}

func FuzzQuery(f *testing.F) {
	f.Add("voice=narrator&language=en-US&sampleRate=16000")
	f.Add("sampleRate=1e4&language=default")
	f.Fuzz(func(t *testing.T, raw string) {
		values, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		if s, refused := readQuery(values); refused == nil && s.output().Validate() != nil {
			t.Errorf("%q asks for %v", raw, s.output())
		}
	})
}
