package client

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"pgregory.net/rapid"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// What nobody heard is spoken on the next connection: the same generation, with all its text, under the same key.
func TestWhatWasNotHeardIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := newFakeRelay(t)
		c, p := relay.dial(Config{})
		whole, open := speak(t, c, Request{Text: "whole"}), speak(t, c, Request{Text: "One ", ID: "open", Open: true})
		keys := map[string]string{"whole": got[*protocol.Generate](p).IdempotencyKey, "open": got[*protocol.Generate](p).IdempotencyKey}
		if err := open.Append("two "); err != nil {
			t.Fatal(err)
		}
		p.send(protocol.Accepted{GenerationID: "whole"}) // which lets nobody hear anything
		p.drop()
		synctest.Wait()
		if err := errors.Join(open.Append("three"), open.Flush()); err != nil { // between two connections
			t.Fatal(err)
		}
		p = <-relay.peers
		for _, want := range []protocol.Generate{{GenerationID: "whole", Text: "whole", Final: true}, {GenerationID: "open", Text: "One two three"}} {
			g := got[*protocol.Generate](p)
			if g.GenerationID != want.GenerationID || g.Text != want.Text || g.Final != want.Final || g.IdempotencyKey != keys[g.GenerationID] {
				t.Errorf("sent %+v, want %+v with key %s", g, want, keys[g.GenerationID])
			}
		}
		got[*protocol.Flush](p)
		if err := open.Finish(); err != nil {
			t.Fatal(err)
		}
		got[*protocol.Finish](p)
		for _, s := range []*Speech{whole, open} {
			p.speaks(s.ID(), 'a')
			p.ends(s.ID(), "completed", 1)
			hears(t, s, "a", nil)
		}
	})
}

// What was heard in part is for the caller to decide on: only who played it knows how far it came.
func TestWhatWasHeardIsNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := newFakeRelay(t)
		c, p := relay.dial(Config{})
		s := speak(t, c, Request{Text: "g", Open: true})
		got[*protocol.Generate](p)
		p.speaks("g", 'a', 'b')
		if err := p.conn.Close(websocket.StatusPolicyViolation, "why not"); err != nil {
			t.Fatal(err)
		}
		frames, err := listen(s)
		if string(frames) != "ab" || !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), "1008: why not") {
			t.Errorf("heard %q and %v, want ab and how the relay closed", frames, err)
		}
		if err := s.Append("more"); !errors.Is(err, ErrLost) {
			t.Errorf("append: %v", err)
		}
		if _, err := s.CancelAt(t.Context(), time.Second); !errors.Is(err, ErrLost) {
			t.Errorf("cancel: %v", err)
		}
		(<-relay.peers).silent()
	})
}

// The relay may not have noticed yet how the former connection ended, or may have spoken what was lost on the way.
func TestADuplicateOfOnesOwn(t *testing.T) {
	for state, again := range map[string]bool{"running": true, "cancelled": false} {
		t.Run(state, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				relay := newFakeRelay(t)
				c, p := relay.dial(Config{})
				s := speak(t, c, Request{Text: "g"})
				p.drop()
				p = <-relay.peers
				got[*protocol.Generate](p)
				p.send(&protocol.Error{
					Command: "generate", GenerationID: "g", Code: protocol.CodeDuplicateRequest,
					First: &protocol.First{GenerationID: "g", State: state},
				})
				if !again {
					_, err := listen(s)
					refusedWith(t, err, protocol.CodeDuplicateRequest)
					return
				}
				got[*protocol.Generate](p)
				p.speaks("g", 'a')
				p.ends("g", "completed", 1)
				hears(t, s, "a", nil)
			})
		})
	}
}

// A key that somebody else used is a refusal like any other, and so is one's own that never comes free.
func TestADuplicateThatStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := newFakeRelay(t)
		c, p := relay.dial(Config{Patience: 5 * time.Second})
		refusal := func(id string) *protocol.Error {
			return &protocol.Error{
				Command: "generate", GenerationID: id, Code: protocol.CodeDuplicateRequest, First: &protocol.First{State: "running"},
			}
		}
		foreign := speak(t, c, Request{Text: "foreign", IdempotencyKey: "k"})
		got[*protocol.Generate](p)
		p.send(refusal("foreign"))
		_, err := listen(foreign)
		refusedWith(t, err, protocol.CodeDuplicateRequest)
		own, began := speak(t, c, Request{Text: "own"}), time.Now()
		p.drop()
		p = <-relay.peers
		go func() {
			for range p.commands {
				p.send(refusal("own"))
			}
		}()
		_, err = listen(own)
		refusedWith(t, err, protocol.CodeDuplicateRequest)
		if waited := time.Since(began); waited < 5*time.Second || waited > 15*time.Second {
			t.Errorf("gave up after %v", waited)
		}
	})
}

func TestARelayThatGoesAwayEndsWhatItSpeaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := newFakeRelay(t)
		c, old := relay.dial(Config{})
		running, refused := speak(t, c, Request{Text: "running"}), speak(t, c, Request{Text: "refused"})
		old.speaks("running", 'a')
		old.send(&protocol.Error{Command: "generate", GenerationID: "refused", Code: protocol.CodeDraining})
		old.send(protocol.Draining{GraceMS: 5000})
		next := <-relay.peers
		if g := got[*protocol.Generate](next); g.GenerationID != "refused" {
			t.Errorf("sent %+v", g)
		}
		next.speaks("refused", 'x')
		next.ends("refused", "completed", 7)
		hears(t, refused, "x", nil)
		old.speaks("running", 'b')
		old.ends("running", "completed", 7)
		hears(t, running, "ab", nil)
	})
}

// Who says that it is going away gets nothing new, though it refuses nothing and still speaks.
func TestNothingNewIsAskedOfARelayThatGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := newFakeRelay(t)
		c, old := relay.dial(Config{})
		running := speak(t, c, Request{Text: "running"})
		got[*protocol.Generate](old)
		old.send(protocol.Draining{GraceMS: 5000})
		synctest.Wait()
		speak(t, c, Request{Text: "new"})
		select {
		case next := <-relay.peers:
			if g := got[*protocol.Generate](next); g.GenerationID != "new" {
				t.Errorf("sent %+v", g)
			}
		case <-time.After(c.config.Backoff.Most):
			t.Error("there is no other connection")
		}
		old.silent()
		old.speaks("running", 'a')
		old.ends("running", "completed", 7)
		hears(t, running, "a", nil)
	})
}

// away is a relay that refuses connections, and a client that has lost its one.
func away(t *testing.T, cfg Config, code protocol.Code) (*fakeRelay, *Client) {
	t.Helper()
	relay := newFakeRelay(t)
	c, p := relay.dial(cfg)
	relay.refuses.Store(&protocol.Error{Code: code, Message: "no"})
	p.drop()
	synctest.Wait()
	return relay, c
}

func TestPatienceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay, c := away(t, Config{Patience: time.Minute}, protocol.CodeDraining)
		s, began := speak(t, c, Request{Text: "g"}), time.Now()
		_, err := listen(s)
		refusedWith(t, err, protocol.CodeDraining)
		if waited := time.Since(began); waited < time.Minute || waited > time.Minute+2*longestWaited {
			t.Errorf("waited for %v", waited)
		}
		// 0.1, 0.2, 0.4, 0.8 s, and 1 s each from there: somebody waits. No wait is shorter than half.
		if n := relay.dials.Load(); n < 60 || n > 70 {
			t.Errorf("%d dials within a minute", n)
		}
		later := speak(t, c, Request{Text: "later"})
		relay.refuses.Store(nil)
		p := <-relay.peers
		if g := got[*protocol.Generate](p); g.GenerationID != "later" {
			t.Errorf("sent %+v", g)
		}
		p.speaks("later", 'a')
		p.ends("later", "completed", 1)
		hears(t, later, "a", nil)
	})
}

// A relay that accepts and drops at once is asked ever more rarely, until a connection has lasted.
func TestARelayThatDropsAtOnceIsSpared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := newFakeRelay(t)
		c, p := relay.dial(Config{})
		again := func() (waited time.Duration) {
			began := time.Now()
			p.drop()
			p = <-relay.peers
			return time.Since(began)
		}
		for failures := 1; failures < 10; failures++ {
			if ceiling, got := c.config.Backoff.ceiling(failures), again(); got < ceiling/2 || got > ceiling {
				t.Errorf("behind %d short connections it waited for %v of %v", failures, got, ceiling)
			}
		}
		time.Sleep(c.config.Backoff.Most + time.Second)
		if got := again(); got > c.config.Backoff.First {
			t.Errorf("behind one that lasted it waited for %v, want %v at most", got, c.config.Backoff.First)
		}
	})
}

// While nobody waits, tries are rare. The first speech has the next one made within a second.
func TestASpeechHastensTheNextTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay, c := away(t, Config{}, protocol.CodeDraining)
		time.Sleep(5 * time.Minute)
		if n := relay.dials.Load(); n < 30 || n > 70 {
			t.Errorf("%d dials within five minutes", n)
		}
		for range 20 {
			time.Sleep(2100 * time.Millisecond) // to anywhere within a wait
			before := relay.dials.Load()
			s := speak(t, c, Request{ID: "g"})
			time.Sleep(longestWaited)
			if relay.dials.Load() == before {
				t.Errorf("no try within %v", longestWaited)
			}
			_ = s.Close()
			time.Sleep(time.Minute)
		}
	})
}

func TestARevokedKeyEndsTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay, c := away(t, Config{}, protocol.CodeAuthFailed)
		_, err := listen(speak(t, c, Request{Text: "g"}))
		refusedWith(t, err, protocol.CodeAuthFailed)
		_, err = c.Speak(t.Context(), Request{Text: "another"})
		refusedWith(t, err, protocol.CodeAuthFailed)
		time.Sleep(time.Hour)
		if n := relay.dials.Load(); n != 2 {
			t.Errorf("%d dials, want no more behind the refusal", n)
		}
	})
}

func TestASilentRelayIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := newFakeRelay(t)
		_, p := relay.dial(Config{})
		time.Sleep(time.Hour) // idle, but for pings
		if n, dials := p.pings.Load(), relay.dials.Load(); n < 170 || n > 180 || dials != 1 {
			t.Errorf("%d pings and %d dials within an hour", n, dials)
		}
		p.mute.Store(true)
		began := time.Now()
		<-relay.peers
		if waited := time.Since(began); waited < silence-pingEvery || waited > silence+time.Second {
			t.Errorf("noticed after %v", waited)
		}
	})
}

func TestCloseEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := newFakeRelay(t)
		c, p := relay.dial(Config{})
		heard, unheard := speak(t, c, Request{Text: "heard"}), speak(t, c, Request{Text: "unheard"})
		p.speaks("heard", 'a', 'b', 'c')
		synctest.Wait()
		c.Close()
		hears(t, unheard, "", ErrClosed)
		if _, err := listen(heard); !errors.Is(err, ErrClosed) {
			t.Errorf("ended with %v", err)
		}
		if _, err := c.Speak(t.Context(), Request{Text: "late"}); !errors.Is(err, ErrClosed) {
			t.Errorf("spoke with %v", err)
		}
	})
}

func TestCloseWhileAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := away(t, Config{}, protocol.CodeTooManyConnections)
		s := speak(t, c, Request{Text: "g"})
		c.Close()
		hears(t, s, "", ErrClosed)
	})
}

func TestDialTellsWhatIsWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := newFakeRelay(t)
		for _, cfg := range []Config{
			{URL: "relay.test:8080"},
			{URL: "http://"},
			{URL: "ftp://relay.test"},
			{URL: "http://k:secret@relay\x7f"},
			{URL: "http://relay.test", Patience: -1},
			{URL: "http://relay.test", Backlog: -1},
			{URL: "http://relay.test", Unheard: -1},
			{URLs: []string{"http://relay.test", "relay.test:8080"}},
		} {
			if c, err := Dial(t.Context(), cfg); err == nil || strings.Contains(err.Error(), "secret") {
				t.Errorf("%+v: got %v, %v", cfg, c, err)
			}
		}
		relay.refuses.Store(&protocol.Error{Code: protocol.CodeAuthFailed, Message: "no such key"})
		_, err := Dial(t.Context(), relay.config(Config{Key: "wrong"}))
		refusedWith(t, err, protocol.CodeAuthFailed)
	})
}

// A relay that takes the connection and says nothing is none.
func TestDialHasADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := newFakeRelay(t).config(Config{})
		cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		began := time.Now()
		if _, err := Dial(t.Context(), cfg); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != connectTime {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"http://127.0.0.1:8080":                "http://127.0.0.1:8080/v1/speech?audio=binary",
		"https://relay.test/":                  "https://relay.test/v1/speech?audio=binary",
		"ws://127.0.0.1:8080/v1/speech":        "ws://127.0.0.1:8080/v1/speech?audio=binary",
		"wss://relay.test/voice":               "wss://relay.test/voice/v1/speech?audio=binary",
		"ws://relay.test/v1/speech?audio=json": "ws://relay.test/v1/speech?audio=binary",
	} {
		if got, err := speechURL(address); got != want || err != nil {
			t.Errorf("%s: got %s, %v; want %s", address, got, err, want)
		}
	}
}

func TestBackoffGrowsToItsBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wait := rapid.Int64Range(1, int64(time.Hour))
		b := Backoff{First: time.Duration(wait.Draw(t, "first")), Most: time.Duration(wait.Draw(t, "most"))}.withDefaults()
		before := time.Duration(0)
		for failures := range 70 {
			ceiling := b.ceiling(failures + 1)
			got := b.after(failures + 1)
			if ceiling < before || ceiling > b.Most || got < ceiling/2 || got > ceiling {
				t.Fatalf("behind %d failures %v of %v, behind %v", failures+1, got, ceiling, before)
			}
			before = ceiling
		}
		if before != b.Most {
			t.Errorf("grew to %v, want %v", before, b.Most)
		}
	})
}
