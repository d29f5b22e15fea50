package upstreamtest

import (
	"encoding/json"
	"reflect"
	"testing"
	"testing/synctest"

	"github.com/rs/zerolog"

	"voicerelay/upstream"
)

// Recorder is a provider before a vendor that records what it gets, and says nothing but what the test has it say.
type Recorder[P upstream.Provider] struct {
	*testing.T // the bubble's
	Provider   P
	Vendor     *Vendor
	// Conns are the sockets, in the order in which they were opened.
	Conns chan *Conn

	frames  chan string
	secrets []string // which no error may tell
}

// Recording is how a Recorder begins.
type Recording[P upstream.Provider] struct {
	Open func(upstream.Env) (P, error)
	// Env is the provider's. Its URL is what stands after the vendor's host; the client is the recorder's.
	Env upstream.Env
	// Greet is what the vendor does on a new socket; nil: nothing.
	Greet func(*Conn)
}

// Run runs a test in a bubble.
func (s Recording[P]) Run(t *testing.T, test func(*Recorder[P])) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &Recorder[P]{T: t, Conns: make(chan *Conn, 64), frames: make(chan string, 1024)}
		r.Vendor = NewVendor(func(c *Conn) {
			r.Conns <- c
			if s.Greet != nil {
				s.Greet(c)
			}
			for frame, ok := c.Next(); ok; frame, ok = c.Next() {
				r.frames <- string(frame)
			}
		})
		defer r.Vendor.Close()
		env := s.Env
		if key := env.APIKey.Reveal(); key != "" {
			r.secrets = []string{key}
		}
		env.URL, env.HTTP, env.Log = URL+env.URL, r.Vendor.Client(), zerolog.Nop()
		var err error
		if r.Provider, err = s.Open(env); err != nil {
			t.Fatal(err)
		}
		test(r)
		_ = r.Provider.Close() // never fails
	})
}

// Open opens a stream.
func (r *Recorder[P]) Open(req upstream.Request) *Line {
	r.Helper()
	l, err := OpenLine(r.T, r.Provider, req, r.secrets...)
	if err != nil {
		r.Fatalf("Open: %v", err)
	}
	return l
}

// Conn is the next socket, or nil where no other has been opened.
func (r *Recorder[P]) Conn() *Conn {
	synctest.Wait()
	select {
	case c := <-r.Conns:
		return c
	default:
		return nil
	}
}

// Sent is what the vendor has got since the last call.
func (r *Recorder[P]) Sent() []string {
	synctest.Wait()
	var sent []string
	for len(r.frames) > 0 {
		sent = append(sent, <-r.frames)
	}
	return sent
}

// Want checks what the vendor has got since the last call, as JSON.
func (r *Recorder[P]) Want(want ...string) {
	r.Helper()
	got := r.Sent()
	if len(got) != len(want) {
		r.Errorf("got %d frames %q, want %d", len(got), got, len(want))
		return
	}
	for i := range want {
		var g, w any
		if json.Unmarshal([]byte(got[i]), &g) != nil || json.Unmarshal([]byte(want[i]), &w) != nil || !reflect.DeepEqual(g, w) {
			r.Errorf("frame %d: got %s\nwant %s", i, got[i], want[i])
		}
	}
}

// WantSockets checks how many sockets have been opened, and how many are open.
func (r *Recorder[P]) WantSockets(opened, open int) {
	r.Helper()
	synctest.Wait()
	if gotOpened, gotOpen := r.Vendor.Sockets(); gotOpened != opened || gotOpen != open {
		r.Errorf("got %d sockets opened and %d open, want %d and %d", gotOpened, gotOpen, opened, open)
	}
}

// WantRejected checks that no stream can be opened for a request whose voice the vendor could not speak with. The error
// must not tell the voice, which is the client's.
func (r *Recorder[P]) WantRejected(req upstream.Request) {
	r.Helper()
	secrets := r.secrets
	if len(req.Voice) > 2 { // or it may be a part of any message
		secrets = append(secrets, req.Voice)
	}
	if _, err := OpenLine(r.T, r.Provider, req, secrets...); err == nil || upstream.KindOf(err) != upstream.Rejected {
		r.Errorf("voice %q: got %v, want rejected", req.Voice, err)
	}
}
