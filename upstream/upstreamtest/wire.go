package upstreamtest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/upstream"
)

// runWire tests what goes wrong on a wire.
func runWire(t *testing.T, s Subject) {
	tests := map[string]func(*rig){
		"takes chunks of odd sizes":    takesOddChunks,
		"begins pieces whole":          beginsPiecesWhole,
		"takes base64 in lines":        takesBase64InLines,
		"outlasts a stall":             outlastsAStall,
		"leaves a silent socket":       leavesASilentSocket,
		"reports a drop":               reportsADrop,
		"does not wait for the deaf":   doesNotWaitForTheDeaf,
		"frees the places of the deaf": freesThePlacesOfTheDeaf,
		"reports no connection":        reportsNoConnection,
		"speaks on after a failure":    speaksOnAfterAFailure,
		"is interrupted 200 times":     isInterruptedOften,
	}
	if s.Wire != OverHTTP { // where any bytes may be audio: its adapters have tests of their own
		tests["reports garbage"] = reportsGarbage
	}
	if s.Wire != OverTCP {
		tests["follows no redirect"], tests["takes Retry-After"] = followsNoRedirect, takesRetryAfter
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { bubble(t, s, test) })
	}
	if len(s.Errors) == 0 || len(s.Closes) == 0 && s.Wire == OverWebSocket || len(s.Statuses) == 0 && s.Wire != OverTCP {
		t.Error("the subject lists no errors, close codes or statuses")
	}
	for _, c := range s.Errors {
		t.Run("error "+c.Name, func(t *testing.T) { bubble(t, s, func(r *rig) { mapsAnError(r, c) }) })
	}
	for code, kind := range s.Closes {
		t.Run(fmt.Sprintf("close code %d", code), func(t *testing.T) {
			bubble(t, s, func(r *rig) { mapsACloseCode(r, code, kind) })
		})
	}
	for status, kind := range s.Statuses {
		t.Run(fmt.Sprintf("status %d", status), func(t *testing.T) {
			bubble(t, s, func(r *rig) { mapsAStatus(r, status, kind) })
		})
	}
}

// refusesOddAddresses: what is no address of the wire stops the start, and the error does not tell the key.
func refusesOddAddresses(t *testing.T, s Subject) {
	for _, url := range s.Wire.odd() {
		_, err := s.Open(upstream.Env{Name: "subject", URL: url, APIKey: key, Log: zerolog.Nop()})
		if err == nil || strings.Contains(err.Error(), key) {
			t.Errorf("url %q: got %v, want an error without the key", url, err)
		}
	}
}

func takesOddChunks(r *rig) {
	for _, size := range []int{1, 3, 4801, 1 << 18} {
		r.vendor.SetPlan(Plan{Chunk: size})
		l := r.open()
		l.speak(true, texts[:2]...)
		l.checkWhole()
		l.close(nil)
	}
}

// beginsPiecesWhole has each piece end in the middle of a sample, which must not shift what follows by a byte.
func beginsPiecesWhole(r *rig) {
	if r.provider.Capabilities().PieceEnds == upstream.PieceEndsNone {
		r.t.Skip("the vendor marks no pieces: its adapter has a test of its own")
	}
	r.vendor.SetPlan(Plan{Torn: true})
	l := r.open()
	l.speak(true, texts...)
	h := l.wait()
	l.close(nil)
	if h.Err != nil || len(h.PieceBytes) != len(texts) {
		r.t.Fatalf("got the ends of %d pieces and %v, want %d", len(h.PieceBytes), h.Err, len(texts))
	}
	from := 0
	for i, text := range texts {
		want, got := r.s.Audio(text), h.Audio[from:h.PieceBytes[i]]
		if !bytes.HasPrefix(got, want) || len(got)%2 != 0 || len(got) > len(want)+2 {
			r.t.Errorf("piece %d: got %d bytes, want these %d and at most a sample more", i, len(got), len(want))
		}
		from = h.PieceBytes[i]
	}
}

func takesBase64InLines(r *rig) {
	r.vendor.SetPlan(Plan{LineBreaks: true})
	l := r.open()
	l.speak(true, texts...)
	l.checkWhole()
	l.close(nil)
}

func silence(*Conn, string) {}

func outlastsAStall(r *rig) {
	r.vendor.SetPlan(Plan{After: 2, Fault: silence})
	l := r.open()
	l.speak(true, texts...)
	time.Sleep(10 * time.Minute)
	select {
	case <-l.Ended():
		r.t.Errorf("ended by itself: %v", l.Heard().Err)
	default:
	}
	l.close(errStop)
	h := l.Heard()
	r.wantFrames(h, 2)
	if !errors.Is(h.Err, errStop) {
		r.t.Errorf("got %v, want the cause", h.Err)
	}
}

// leavesASilentSocket has a stream given up for its silence: its socket may be dead without a sign, so the next stream must not
// be on it.
func leavesASilentSocket(r *rig) {
	r.vendor.SetPlan(Plan{After: 2, Fault: silence})
	l := r.open()
	l.speak(true, texts...)
	time.Sleep(3 * time.Second)
	opened, _ := r.vendor.Sockets()
	l.close(&upstream.Error{Kind: upstream.Stalled, Message: "no audio in time"})
	r.vendor.SetPlan(Plan{})
	next := r.open()
	next.speak(true, texts[0])
	next.checkWhole()
	next.close(nil)
	if got, _ := r.vendor.Sockets(); got <= opened {
		r.t.Error("the next stream was on the socket on which the vendor fell silent")
	}
}

// fails opens a stream that meets the fault after a frame, and checks its end.
func (r *rig) fails(fault func(c *Conn, id string), kind upstream.Kind, code string) {
	r.t.Helper()
	r.failsAfter(1, fault, kind, code)
}

// failsAfter is fails after so many frames.
func (r *rig) failsAfter(frames int, fault func(c *Conn, id string), kind upstream.Kind, code string) {
	r.t.Helper()
	r.vendor.SetPlan(Plan{After: frames, Fault: fault})
	l := r.open()
	l.Order(true, texts...) // the fault may come before the last piece is ordered
	h := l.wait()
	var e *upstream.Error
	if !errors.As(h.Err, &e) || e.Kind != kind || e.Code != code {
		r.t.Errorf("End: got %v, want %s with code %q", h.Err, kind, code)
	}
	r.wantFrames(h, frames)
	l.close(nil)
}

func reportsADrop(r *rig) { r.fails(func(c *Conn, _ string) { c.Drop() }, upstream.Dropped, "") }

func reportsGarbage(r *rig) {
	for _, garbage := range []string{"", "null", "[]", "{", `"text"`, "\xff\xfe", `{"audio":`, vendorText} {
		r.fails(func(c *Conn, _ string) { c.SendRaw([]byte(garbage)) }, upstream.Garbled, "")
	}
	r.fails(func(c *Conn, _ string) { c.SendRaw(make([]byte, 5<<20)) }, upstream.Garbled, "")
}

func doesNotWaitForTheDeaf(r *rig) {
	r.vendor.SetPlan(Plan{Gap: 50 * time.Millisecond, Deaf: true})
	l := r.open()
	l.speak(true, texts...)
	time.Sleep(120 * time.Millisecond)
	told, before := time.Now(), l.Heard().Frames
	if took := l.close(errStop); took > time.Second {
		r.t.Errorf("Close took %v, want no more than its context's second", took)
	}
	r.checkStopped(l, told)
	if after := l.Heard().Frames; after != before {
		r.t.Errorf("%d frames came through after the cancel", after-before)
	}
}

// freesThePlacesOfTheDeaf fills the provider with streams that are stopped without confirmation.
func freesThePlacesOfTheDeaf(r *rig) {
	r.vendor.SetPlan(Plan{After: 1, Fault: silence, Deaf: true})
	for range 20 {
		l := r.open()
		l.speak(false, texts[0])
		l.close(errStop)
	}
	time.Sleep(time.Minute)
	r.vendor.SetPlan(Plan{})
	l := r.open()
	l.speak(true, texts...)
	l.checkWhole()
	l.close(nil)
}

func reportsNoConnection(r *rig) {
	r.vendor.listener.close()
	if err := r.refused(); upstream.KindOf(err) != upstream.ConnectFailed {
		r.t.Errorf("got %v, want connect_failed", err)
	}
}

func takesRetryAfter(r *rig) {
	r.vendor.Refuse(http.StatusTooManyRequests, http.Header{"Retry-After": {"7"}})
	err := r.refused()
	var e *upstream.Error
	if !errors.As(err, &e) || e.Kind != upstream.Throttled || e.RetryAfter != 7*time.Second {
		r.t.Errorf("got %+v, want throttled for 7s", err)
	}
}

// followsNoRedirect: a redirect would take the key to another host, and the text with it.
func followsNoRedirect(r *rig) {
	r.vendor.Refuse(http.StatusFound, http.Header{"Location": {r.s.Wire.URL() + "/elsewhere"}})
	if err := r.refused(); upstream.KindOf(err) != upstream.ConnectFailed {
		r.t.Errorf("got %v, want connect_failed", err)
	}
	if n := r.vendor.Handshakes(); n != 1 {
		r.t.Errorf("got %d requests, want 1", n)
	}
}

func speaksOnAfterAFailure(r *rig) {
	r.fails(func(c *Conn, _ string) { c.Drop() }, upstream.Dropped, "")
	r.vendor.SetPlan(Plan{})
	l := r.open()
	l.speak(true, texts...)
	l.checkWhole()
	l.close(nil)
}

func isInterruptedOften(r *rig) {
	r.vendor.SetPlan(Plan{Gap: 20 * time.Millisecond})
	for i := range 200 {
		l := r.open()
		l.speak(false, texts[0])
		time.Sleep(time.Duration(i%50) * time.Millisecond)
		l.close(errStop)
	}
	if opened, open := r.vendor.Sockets(); open > 10 {
		r.t.Errorf("%d of %d sockets are open after 200 streams, one at a time", open, opened)
	}
}

func mapsAnError(r *rig, c ErrorCase) {
	if !c.Session {
		frames := 1
		if r.s.Wire == OverHTTP {
			frames = 0 // it is told in the place of speech
		}
		r.failsAfter(frames, c.Send, c.Kind, c.Code)
		return
	}
	r.vendor.SetPlan(Plan{After: 1, Fault: silence})
	neighbor := r.open()
	neighbor.speak(true, texts...)
	time.Sleep(time.Millisecond)
	r.fails(c.Send, c.Kind, c.Code)
	if h := neighbor.wait(); upstream.KindOf(h.Err) != c.Kind {
		r.t.Errorf("the neighbour's end: got %v, want %s", h.Err, c.Kind)
	}
	neighbor.close(nil)
}

func mapsACloseCode(r *rig, code int, kind upstream.Kind) {
	r.fails(func(c *Conn, _ string) { c.Close(code) }, kind, strconv.Itoa(code))
}

func mapsAStatus(r *rig, status int, kind upstream.Kind) {
	r.vendor.Refuse(status, nil)
	err := r.refused()
	var e *upstream.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Code != strconv.Itoa(status) {
		r.t.Errorf("got %v, want %s with code %d", err, kind, status)
	}
}
