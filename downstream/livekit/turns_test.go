package livekit

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/rs/zerolog"

	"voicerelay/billing"
	"voicerelay/downstream/downstreamtest"
	"voicerelay/relay"
	"voicerelay/relay/relaytest"
	"voicerelay/server"
)

// inBubble plays a test with a client of a relay.
func inBubble(t *testing.T, play func(t *testing.T, r *downstreamtest.Relay, c *fakeClient), changes ...downstreamtest.Change) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{}, changes...)
		c, err := dial(r, callerOf(downstreamtest.Caller{Key: downstreamtest.Key, Voice: downstreamtest.Voice}))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Hangup()
		play(t, r, c)
	})
}

// told is what a client was told up to some message.
type told struct {
	kinds []string // of messages, a run of one kind once
	pcm   []byte
	words []string
	last  heard
}

func (of told) says() string { return relaytest.Heard(of.pcm) }

// until reads to the first message of a kind.
func (c *fakeClient) until(t *testing.T, kind string) (of told) {
	t.Helper()
	var started float64
	for of.last.Type != kind {
		m, err := c.read()
		if err != nil {
			t.Fatalf("after %q: %v", of.kinds, err)
		}
		pcm, err := base64.StdEncoding.DecodeString(m.Audio)
		if err != nil {
			t.Fatal(err)
		}
		of.pcm = append(of.pcm, pcm...)
		for _, w := range m.Words {
			if w.Start < started {
				t.Errorf("%q begins at %v, after one at %v", w.Word, w.Start, started)
			}
			started = w.Start
			of.words = append(of.words, w.Word)
		}
		if m.Type != of.last.Type {
			of.kinds = append(of.kinds, m.Type)
		}
		of.last = m
	}
	return of
}

// closed reads to the end of the connection.
func (c *fakeClient) closed() websocket.StatusCode {
	for {
		if _, _, err := c.conn.Read(context.Background()); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

const second = "And three more."

func TestSecondTurnNeedsNoCreate(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *downstreamtest.Relay, c *fakeClient) {
		session := c.until(t, "session.created").last.SessionID
		if session == "" {
			t.Error("session.created without an id, which the client for Node refuses")
		}
		for range 2 {
			c.Say("", second)
			c.End("")
			of := c.until(t, "done")
			if of.says() != relaytest.Letters(second) || of.last.SessionID != session || of.kinds[0] != "output_audio" {
				t.Errorf("%q: said %q in session %q", of.kinds, of.says(), of.last.SessionID)
			}
		}
	})
}

// Each flush has one done, whatever came before it, and in its order.
func TestEachFlushHasOneDone(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *downstreamtest.Relay, c *fakeClient) {
		c.until(t, "session.created")
		c.End("")
		if of := c.until(t, "done"); len(of.kinds) != 1 {
			t.Errorf("an empty turn: %q", of.kinds)
		}
		c.Say("", relaytest.TwelveWords)
		c.End("")
		c.End("") // at once: an empty turn behind one that is spoken
		c.Say("", second)
		c.End("")
		for _, want := range []string{relaytest.TwelveWords, "", second} {
			if of := c.until(t, "done"); of.says() != relaytest.Letters(want) {
				t.Errorf("said %q, want %q", of.says(), want)
			}
		}
	})
}

func TestVoiceChangesWithinATurn(t *testing.T) {
	allow := func(cfg *server.Config, _ *server.Parts) { cfg.Keys[0].Allow.Raw = true }
	inBubble(t, func(t *testing.T, r *downstreamtest.Relay, c *fakeClient) {
		c.Say("", relaytest.TwelveWords+" ")
		time.Sleep(100 * time.Millisecond) // it is being spoken
		c.as.voice = "first/another-voice"
		c.Say("", second+" ")
		c.as.voice = downstreamtest.Voice
		c.Say("", "At last this.")
		c.End("")
		began := time.Now()
		of := c.until(t, "done")
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("it took %v: a voice waited for text that does not come", took)
		}
		text := relaytest.TwelveWords + " " + second + " At last this."
		if got := strings.Join(of.words, " "); of.says() != relaytest.Letters(text) || got != text {
			t.Errorf("said %q, the words are %q", of.says(), got)
		}
		var voices []string
		for _, request := range r.First.Requests() {
			voices = append(voices, request.Voice)
		}
		if want := []string{downstreamtest.VoiceID, "another-voice", downstreamtest.VoiceID}; !slices.Equal(voices, want) {
			t.Errorf("spoken by %q, want %q", voices, want)
		}
	}, allow)
}

// A language model may pause for so long that the text counts as finished: the turn has not ended, and its times go on.
func TestTurnOutlivesALongPause(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *downstreamtest.Relay, c *fakeClient) {
		c.Say("", relaytest.TwelveWords+" ")
		var quiet sync.WaitGroup
		quiet.Go(func() {
			time.Sleep(2 * time.Minute)
			c.Say("", second)
			c.End("")
		})
		of := c.until(t, "done")
		quiet.Wait()
		text := relaytest.TwelveWords + " " + second
		if got := strings.Join(of.words, " "); of.says() != relaytest.Letters(text) || got != text {
			t.Errorf("%q: said %q, the words are %q", of.kinds, of.says(), got)
		}
		c.Say("", second)
		c.End("")
		if of := c.until(t, "done"); of.says() != relaytest.Letters(second) {
			t.Errorf("the next turn said %q", of.says())
		}
	})
}

// Clients give up ten seconds after the last message.
func TestClientHearsSomethingWhileItWaits(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *downstreamtest.Relay, c *fakeClient) {
		c.until(t, "session.created")
		c.Say("", second+" ")
		began := time.Now()
		for before := began; time.Since(began) < 50*time.Second; before = time.Now() {
			m, err := c.read()
			if err != nil || time.Since(before) >= 10*time.Second {
				t.Fatalf("%v after %v", err, time.Since(before))
			}
			if m.Type == "keepalive" && m.SessionID != "" {
				t.Error("a keepalive with a session, which begins a turn in the client for Python")
			}
		}
	})
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
		c.Say("", relaytest.TwelveWords+" ")
		var saying sync.WaitGroup
		saying.Go(func() {
			time.Sleep(61 * time.Second) // the text has idled, and the ledger is being written
			c.Say("", second)
			c.End("")
		})
		of := c.until(t, "done")
		saying.Wait()
		text := relaytest.TwelveWords + " " + second
		if got := strings.Join(of.words, " "); of.says() != relaytest.Letters(text) || got != text {
			t.Errorf("%q: said %q, the words are %q", of.kinds, of.says(), got)
		}
	}, slow)
}

// Clients keep a connection for five minutes, whatever the operator's idle_timeout.
func TestIdleConnectionOutlivesTheClientsPool(t *testing.T) {
	brief := func(cfg *server.Config, _ *server.Parts) { cfg.Keys[0].Limits.IdleTimeout = time.Second }
	inBubble(t, func(t *testing.T, _ *downstreamtest.Relay, c *fakeClient) {
		began := time.Now()
		if got := c.closed(); got != websocket.StatusNormalClosure || time.Since(began) < 5*time.Minute+time.Second {
			t.Errorf("closed with %d after %v", got, time.Since(began))
		}
	}, brief)
}

// A relay that goes away answers the next turn by an error, which the client tries again elsewhere: it would not notice that its
// idle connection was closed. One that is not used ends with the grace.
func TestIdleConnectionOutlivesADrain(t *testing.T) {
	for name, test := range map[string]struct {
		speaks bool
		took   time.Duration
	}{"it speaks": {true, 5 * time.Second}, "it is quiet": {false, time.Minute}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *downstreamtest.Relay, c *fakeClient) {
				c.until(t, "session.created")
				began := time.Now()
				var draining sync.WaitGroup
				draining.Go(func() { r.Server.Drain(t.Context(), time.Minute) })
				if test.speaks {
					time.Sleep(5 * time.Second)
					c.Say("", second+" ")
					c.until(t, "error")
				}
				c.closed()
				draining.Wait()
				if took := time.Since(began); took != test.took {
					t.Errorf("the drain took %v, want %v", took, test.took)
				}
			})
		})
	}
}

func TestCloseIsAnswered(t *testing.T) {
	inBubble(t, func(t *testing.T, r *downstreamtest.Relay, c *fakeClient) {
		c.Say("", strings.Repeat(relaytest.TwelveWords+" ", 20))
		c.until(t, "output_audio")
		c.send(map[string]any{"type": "session.close"})
		if of := c.until(t, "session.closed"); of.last.SessionID == "" {
			t.Error("session.closed without an id")
		}
		if got := c.closed(); got != websocket.StatusNormalClosure {
			t.Errorf("closed with %d", got)
		}
		synctest.Wait()
		if r.First.StreamsOpen() > 0 {
			t.Error("the vendor goes on")
		}
	})
}

func TestCreateMaySpeak(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *downstreamtest.Relay, c *fakeClient) {
		c.sendRaw(`{"type":"session.create","sample_rate":"24000","encoding":"pcm_s16le","extra":{},"transcript":"` + second + `"}`)
		c.sendRaw(`{"type":"session.flush"}`)
		if of := c.until(t, "done"); of.says() != relaytest.Letters(second) {
			t.Errorf("said %q", of.says())
		}
	})
}

// What comes from elsewhere in LiveKit is recorded, within bounds. A worker's token is not.
func TestRecordsSayWhereAConnectionComesFrom(t *testing.T) {
	records := downstreamtest.NewRecords()
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{}, records.Keep)
		as := callerOf(downstreamtest.Caller{Key: downstreamtest.Key, Voice: downstreamtest.Voice})
		as.header = http.Header{}
		for name, value := range map[string]string{
			"X-LiveKit-Room-ID": "RM_1", "X-LiveKit-Job-Id": "AJ_1", "X-LiveKit-Agent-ID": strings.Repeat("x", 200),
			"X-LiveKit-Session-ID": "inference_1", "X-LiveKit-Worker-Token": "worker-secret",
		} {
			as.header.Set(name, value)
		}
		c, err := dial(r, as)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Hangup()
		c.Say("", second)
		c.End("")
		c.until(t, "done")
	})
	all := records.All()
	if len(all) != 1 {
		t.Fatalf("%d records", len(all))
	}
	got := all[0].Metadata
	if len(got) != 4 || got["dialect"] != "livekit" || got["room_id"] != "RM_1" || got["job_id"] != "AJ_1" || got["session_id"] != "inference_1" {
		t.Errorf("recorded %v", got)
	}
}

// kept is a log that a test reads.
type kept struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (k *kept) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.text.Write(p)
}

// The token shows the key to whoever decodes it.
func TestTokensAreNotLogged(t *testing.T) {
	log := &kept{}
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{}, func(_ *server.Config, parts *server.Parts) { parts.Log = zerolog.New(log) })
		for _, key := range []string{"a-key-that-is-wrong", downstreamtest.Key} {
			c, err := dial(r, callerOf(downstreamtest.Caller{Key: key, Voice: "nobody"}))
			if err != nil {
				continue
			}
			c.until(t, "error")
			c.Hangup()
		}
	})
	if text := log.text.String(); !strings.Contains(text, "session ended") || strings.Contains(text, "eyJ") || strings.Contains(text, "a-key-that-is") {
		t.Errorf("logged:\n%s", text)
	}
}

// A voice may be named by its id at the vendor that the model names.
func TestVoicesAreFoundByTheVendorsID(t *testing.T) {
	inBubble(t, func(t *testing.T, r *downstreamtest.Relay, c *fakeClient) {
		c.as.model, c.as.voice = "fake/some-model", downstreamtest.VoiceID
		c.Say("", second)
		c.End("")
		if of := c.until(t, "done"); of.says() != relaytest.Letters(second) {
			t.Errorf("said %q", of.says())
		}
		if got := r.First.Requests()[0].Voice; got != downstreamtest.VoiceID {
			t.Errorf("spoken by %q", got)
		}
	})
}
