package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/relay/relaytest"
)

// logged is the lines of a rig's log that have a message, decoded.
func logged(t *testing.T, log *bytes.Buffer, message string) (lines []map[string]any) {
	t.Helper()
	for text := range strings.Lines(log.String()) {
		line := map[string]any{}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("log line %q: %v", text, err)
		}
		if line["message"] == message {
			lines = append(lines, line)
		}
	}
	return lines
}

// askAs asks a rig for a page, from an address with a key.
func (r *rig) askAs(remote, key string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, "http://localhost/v1/voices", nil)
	request.RemoteAddr = remote
	if key != "" {
		bearer(request, key)
	}
	w := httptest.NewRecorder()
	r.srv.Handler().ServeHTTP(w, request)
	return w
}

func (r *rig) refusals(code protocol.Code) float64 {
	m := series(r.t, r, "relay_refusals_total")[string(code)+" "]
	if m == nil {
		return -1
	}
	return m.GetCounter().GetValue()
}

// Every code can be counted from the start.
func TestRefusalsAreCountedByCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, keyed("right"), []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		for _, code := range protocol.Codes() {
			if got := r.refusals(code); got != 0 {
				t.Errorf("%s is %v at the start, want 0", code, got)
			}
		}
		r.askAs("192.0.2.1:1", "")
		r.askAs("192.0.2.1:1", "wrong")
		c := r.dial("?api_key=right")
		c.send(generate("g1", "Hi.", `,"voice":"nobody"`))
		c.until("error")
		c.send(`{"type":"nonsense"}`)
		c.until("error")
		r.speak(`{"text":"hi","route":"nowhere"}`, http.Header{"Authorization": {"Bearer right"}})
		for code, want := range map[protocol.Code]float64{
			protocol.CodeAuthFailed: 2, protocol.CodeUnknownVoice: 1, protocol.CodeInvalidRequest: 1, protocol.CodeUnknownRoute: 1,
		} {
			if got := r.refusals(code); got != want {
				t.Errorf("%s is counted %v times, want %v", code, got, want)
			}
		}
	})
}

// The log has a line a second and address at most, which says how many there were, and nothing that a client made up.
func TestRefusalsAreLoggedOnceASecondAndAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := newRigWith(t, keyed("right"), []string{"alpha"}, fakes{"alpha": relaytest.NewFake()}, func(p *Parts) { p.Log = zerolog.New(zerolog.SyncWriter(&log)) })
		r.askAs("192.0.2.1:1", "wrong-key")
		for range 99 {
			r.askAs("192.0.2.1:1", "")
		}
		r.askAs("192.0.2.2:1", "wrong-key")
		if lines := logged(t, &log, "refused"); len(lines) != 2 {
			t.Fatalf("%d lines about two addresses within a second, want one each:\n%s", len(lines), &log)
		}
		time.Sleep(lineEvery)
		r.srv.logOverdue(time.Now())
		lines := logged(t, &log, "refused")
		if len(lines) != 3 {
			t.Fatalf("%d lines after a second, want one more:\n%s", len(lines), &log)
		}
		first, last := lines[0], lines[2]
		if first["remote"] != "192.0.2.1" || first["refusals"] != 1.0 || first["code"] != "auth_failed" || first["level"] != "warn" {
			t.Errorf("first line: %v", first)
		}
		if last["remote"] != "192.0.2.1" || last["refusals"] != 99.0 {
			t.Errorf("last line: %v, want the other 99", last)
		}
		if strings.Contains(log.String(), "wrong-key") {
			t.Error("the log has a key that was tried")
		}
	})
}

// A wrong key is not lost among refusals of another kind.
func TestALineSaysHowOftenEachCodeWasRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := newRigWith(t, keyed("right"), []string{"alpha"}, fakes{"alpha": relaytest.NewFake()}, func(p *Parts) { p.Log = zerolog.New(zerolog.SyncWriter(&log)) })
		r.askAs("127.0.0.1:9", "wrong")
		r.askAs("127.0.0.1:9", "wrong")
		for range 3 {
			r.speak(`{"text":"hi","route":"nowhere"}`, http.Header{"Authorization": {"Bearer right"}})
		}
		time.Sleep(lineEvery)
		r.srv.logOverdue(time.Now())
		lines := logged(t, &log, "refused")
		if len(lines) != 2 || lines[0]["codes"] != nil {
			t.Fatalf("got %v, want two lines, the first of one code", lines)
		}
		if got := fmt.Sprint(lines[1]["codes"]); got != "map[auth_failed:1 unknown_route:3]" || lines[1]["level"] != "warn" || lines[1]["refusals"] != 4.0 {
			t.Errorf("got %v, want a warning with one wrong key and three unknown routes", lines[1])
		}
	})
}

// However many addresses a client has, the log and the memory have their bounds.
func TestManyAddressesFillNeitherLogNorMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := newRigWith(t, keyed("right"), []string{"alpha"}, fakes{"alpha": relaytest.NewFake()}, func(p *Parts) { p.Log = zerolog.New(zerolog.SyncWriter(&log)) })
		for i := range 2 * maxAddresses {
			r.askAs(fmt.Sprintf("10.0.%d.%d:1", i/256, i%256), "wrong")
		}
		if got := len(logged(t, &log, "refused")); got > linesPerSecond {
			t.Errorf("%d lines within a second, want at most %d", got, linesPerSecond)
		}
		c := r.srv.refusedFrom
		if len(c.known) != maxAddresses || c.order.Len() != maxAddresses {
			t.Errorf("%d and %d addresses are remembered, want %d", len(c.known), c.order.Len(), maxAddresses)
		}
	})
}

// Who guesses waits, and a right key never does, wherever it comes from.
func TestGuessesAreSlowedByAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, keyed("right"), []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		for i := range guessesPerMinute {
			if w := r.askAs("[2001:db8::1]:1", "wrong"); w.Code != 401 {
				t.Fatalf("wrong key %d: %d, want 401", i, w.Code)
			}
		}
		began := time.Now()
		w := r.askAs("[2001:db8::ffff]:1", "wrong") // of the same /64
		if w.Code != 429 || w.Header().Get("Retry-After") != "3" || w.Header().Get("Connection") != "close" {
			t.Errorf("one more: %d %v, want 429 after 3 s on another connection", w.Code, w.Header())
		}
		if took := time.Since(began); took != guessDelay {
			t.Errorf("answered after %v, want %v", took, guessDelay)
		}
		for name, ask := range map[string]func() *httptest.ResponseRecorder{
			"a right key from there":     func() *httptest.ResponseRecorder { return r.askAs("[2001:db8::1]:1", "right") },
			"no key from there":          func() *httptest.ResponseRecorder { return r.askAs("[2001:db8::1]:1", "") },
			"a wrong key from elsewhere": func() *httptest.ResponseRecorder { return r.askAs("[2001:db8:0:1::1]:1", "wrong") },
		} {
			began = time.Now()
			if w := ask(); w.Code == 429 || time.Since(began) != 0 {
				t.Errorf("%s: %d after %v, want no wait", name, w.Code, time.Since(began))
			}
		}
		time.Sleep(3 * time.Second)
		if w := r.askAs("[2001:db8::1]:1", "wrong"); w.Code != 401 {
			t.Errorf("a wrong key after the wait: %d, want 401", w.Code)
		}
		if got := r.refusals(protocol.CodeAuthFailed); got != guessesPerMinute+4 {
			t.Errorf("%v failed, want %d", got, guessesPerMinute+4)
		}
	})
}

// Answers that wait are few: of one address, and of all of them.
func TestAnswersThatWaitAreBounded(t *testing.T) {
	for name, tt := range map[string]struct{ addresses, waits int }{
		"of one": {1, maxDelayedOf}, "of all": {maxDelayed/maxDelayedOf + 1, maxDelayed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, keyed("right"), []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
				answered := make(chan time.Duration, tt.addresses*(maxDelayedOf+1))
				began := time.Now()
				for i := range tt.addresses {
					from := fmt.Sprintf("10.0.0.%d:1", i)
					for range guessesPerMinute {
						r.askAs(from, "wrong")
					}
					for range maxDelayedOf + 1 {
						go func() { // ends with the answer, which is waited for
							r.askAs(from, "wrong")
							answered <- time.Since(began)
						}()
					}
				}
				waited := 0
				for range cap(answered) {
					if <-answered > 0 {
						waited++
					}
				}
				if waited != tt.waits {
					t.Errorf("%d answers waited at once, want %d", waited, tt.waits)
				}
				if r.srv.refusedFrom.delayed != 0 {
					t.Errorf("%d answers still wait", r.srv.refusedFrom.delayed)
				}
			})
		})
	}
}

// A session's lines say where it comes from.
func TestSessionsAreLoggedWithTheirAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := newRigWith(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()}, func(p *Parts) { p.Log = zerolog.New(zerolog.SyncWriter(&log)) })
		c := r.dial("")
		c.send(generate("g1", "Hello.", ""))
		c.until("done")
		_ = c.conn.CloseNow() // the relay notices
		r.speak(`{"text":"Hello."}`, nil)
		synctest.Wait()
		if ended := logged(t, &log, "session ended"); len(ended) != 1 || ended[0]["remote"] != "127.0.0.1" {
			t.Errorf("ended: %v, want the address", ended)
		}
		if got := strings.Count(log.String(), `"remote":"127.0.0.1"`); got != 3 {
			t.Errorf("%d lines say it, want those of the session and of both generations:\n%s", got, &log)
		}
	})
}

// A body says the status that its answer has.
func TestBodiesSayTheirStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		for name, tt := range map[string]struct {
			handler      http.Handler
			method, path string
			status       int
		}{
			"path":            {r.srv.Handler(), "GET", "/v2", 404},
			"method":          {r.srv.Handler(), "PUT", "/v1/voices", 405},
			"path for admins": {r.srv.AdminHandler(), "GET", "/v1/speech", 404},
		} {
			request := httptest.NewRequest(tt.method, "http://localhost"+tt.path, nil)
			request.RemoteAddr = "127.0.0.1:9"
			w := httptest.NewRecorder()
			tt.handler.ServeHTTP(w, request)
			var body struct {
				Error struct {
					Code   string
					Status int
				}
			}
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != tt.status || body.Error.Status != tt.status || body.Error.Code != "invalid_request" {
				t.Errorf("%s: %d %s (%v), want %d in both", name, w.Code, w.Body, err, tt.status)
			}
		}
	})
}
