package uplift

import (
	"context"
	"encoding/base64"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// key is the account's in all tests on the scripted vendor.
const key upstream.Secret = "sk_api_nobody_may_see"

var errStop = errors.New("barge-in")

// rig is a provider before a vendor that a test plays by hand.
type rig struct {
	t        *testing.T
	vendor   *upstreamtest.Vendor
	provider *provider
	lines    chan line // the vendor's sockets, in the order in which they were opened
}

// byHand runs a test in a bubble, which fails where a goroutine is left.
func byHand(t *testing.T, cfg Config, test func(*testing.T, *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		lines := make(chan line, 100)
		r := newRig(t, cfg, func(c *upstreamtest.Conn) {
			lines <- connect(c)
			<-c.Over()
		})
		r.lines = lines
		defer r.close()
		test(t, r)
	})
}

func newRig(t *testing.T, cfg Config, script func(*upstreamtest.Conn)) *rig {
	r := &rig{t: t, vendor: upstreamtest.NewVendor(script)}
	var err error
	r.provider, err = open(cfg, upstream.Env{
		Name: "uplift", URL: upstreamtest.URL, APIKey: key, HTTP: r.vendor.Client(), Log: zerolog.Nop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) close() {
	_ = r.provider.Close() // never fails
	r.vendor.Close()
}

// spoken is a stream and its sink.
type spoken struct {
	*stream
	r      *rig
	sink   *upstreamtest.Sink
	pieces int
}

func (r *rig) tryOpen(req upstream.Request) (*spoken, error) {
	s := &spoken{r: r, sink: upstreamtest.NewSink(r.t, string(key))}
	opened, err := r.provider.Open(r.t.Context(), req, s.sink)
	upstreamtest.CheckError(r.t, err, nil, string(key))
	if err == nil {
		s.stream = opened.(*stream)
	}
	return s, err
}

func (r *rig) open(req upstream.Request) *spoken {
	r.t.Helper()
	s, err := r.tryOpen(req)
	if err != nil {
		r.t.Fatalf("Open: %v", err)
	}
	return s
}

// speak orders a piece.
func (s *spoken) speak(text string, last bool) {
	s.r.t.Helper()
	if err := s.Speak(s.r.t.Context(), upstream.Piece{ID: s.pieces, Text: text, Last: last}); err != nil {
		s.r.t.Fatalf("Speak: %v", err)
	}
	s.pieces++
}

// close closes the stream, which must take no time.
func (s *spoken) close(cause error) {
	s.r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	began := time.Now()
	if err := s.sink.Close(func(cause error) error { return s.Close(ctx, cause) }, cause); err != nil {
		s.r.t.Errorf("Close: %v", err)
	}
	if took := time.Since(began); took != 0 {
		s.r.t.Errorf("Close took %v", took)
	}
}

// wantOpen checks that the stream has not ended.
func (s *spoken) wantOpen() {
	s.r.t.Helper()
	synctest.Wait()
	select {
	case <-s.sink.Ended():
		s.r.t.Errorf("ended with %v", s.sink.Heard().Err)
	default:
	}
}

// wantEnd checks that the stream has ended with an error of that kind, or well where it is empty.
func (s *spoken) wantEnd(kind upstream.Kind) {
	s.r.t.Helper()
	synctest.Wait()
	select {
	case <-s.sink.Ended():
	default:
		s.r.t.Fatal("has not ended")
	}
	err := s.sink.Heard().Err
	if kind == "" && err == nil {
		return
	}
	wantKind(s.r.t, err, kind)
}

func wantKind(t *testing.T, err error, kind upstream.Kind) {
	t.Helper()
	var e *upstream.Error
	if !errors.As(err, &e) || e.Kind != kind {
		t.Errorf("got %v, want %q", err, kind)
	}
}

// audio is the vendor's message of some audio.
func audioOf(id string, data ...byte) reply {
	return reply{"type": "audio", "requestId": id, "audio": base64.StdEncoding.EncodeToString(data), "sequence": 0}
}

func endOf(id string) reply { return reply{"type": "audio_end", "requestId": id, "timestamp": 1} }

func errorFor(id, code string) reply {
	return reply{"type": "error", "requestId": id, "code": code, "message": "secret vendor text"}
}

// wantOrder checks the adapter's next message.
func (l line) wantOrder(t *testing.T, kind, id string) {
	t.Helper()
	synctest.Wait()
	if o, ok := l.hear(); !ok || o.Type != kind || o.RequestID != id {
		t.Errorf("got %+v, want %s of %s", o, kind, id)
	}
}

// wantQuiet checks that the adapter has said nothing more.
func (l line) wantQuiet(t *testing.T) {
	t.Helper()
	synctest.Wait()
	l.Send(reply{"type": "no_such_type"}) // what comes up to here is before the end
	l.Drop()
	if data, ok := l.Next(); ok {
		t.Errorf("got %s, want nothing", data)
	}
}
