package vendorsocket_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// message is a frame of the test dialect, in both directions.
type message struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// dialect is a made-up vendor: frames name their stream, and one that names none ends the socket.
type dialect struct{}

func (dialect) Address(key string) (string, http.Header) {
	return upstreamtest.URL + "/?secret=hush", http.Header{"X-Key": {key}}
}

func (dialect) Frame(m *vendorsocket.Mux, _ bool, data []byte) *upstream.Error {
	var got message
	if err := json.Unmarshal(data, &got); err != nil || got.ID == "" {
		return &upstream.Error{Kind: upstream.Garbled, Message: "no frame of this dialect"}
	}
	if s, ok := m.Member([]byte(got.ID)).(*member); ok {
		s.hear(got.Text)
	} else if got.Text == "stopped" {
		m.Confirm([]byte(got.ID))
	}
	return nil
}

func (dialect) KeepAlive(id string) []byte { return []byte(`{"id":"` + id + `","text":"alive"}`) }

func (dialect) Closed(code int) *upstream.Error {
	kind := upstream.Dropped
	if code >= 4000 {
		kind = upstream.AuthFailed
	}
	return &upstream.Error{Kind: kind, Code: strconv.Itoa(code), Message: "closed"}
}

func (dialect) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }

// member is a stream that keeps what it hears.
type member struct {
	t    *testing.T
	id   string
	seat vendorsocket.Seat

	mu    sync.Mutex
	texts []string
	lost  error
}

func (s *member) hear(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts = append(s.texts, text)
}

func (s *member) Lost(err *upstream.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost != nil {
		s.t.Errorf("%s: lost twice", s.id)
	}
	s.lost = err
}

// want checks what has been heard and lost so far; kind is empty for a stream that lives.
func (s *member) want(kind upstream.Kind, texts ...string) {
	s.t.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.texts, texts) {
		s.t.Errorf("%s: heard %q, want %q", s.id, s.texts, texts)
	}
	switch {
	case kind == "" && s.lost != nil:
		s.t.Errorf("%s: lost with %v", s.id, s.lost)
	case kind != "" && upstream.KindOf(s.lost) != kind || kind != "" && s.lost == nil:
		s.t.Errorf("%s: lost with %v, want %s", s.id, s.lost, kind)
	}
}

func (s *member) send(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if err := s.seat.Send(s.t.Context(), []byte(`{"id":"`+s.id+`","text":"`+text+`"}`)); err != nil {
			s.t.Errorf("Send: %v", err)
		}
	}
}

// echo is a vendor that says everything back, except what tells it to do something else.
func echo(c *upstreamtest.Conn) {
	for {
		frame, ok := c.Next()
		if !ok {
			return
		}
		var m message
		if err := json.Unmarshal(frame, &m); err != nil {
			return
		}
		switch m.Text {
		case "drop":
			c.Drop()
		case "hush":
		case "close":
			c.Close(4001)
		case "garble":
			c.SendRaw([]byte("{}"))
		default:
			c.SendRaw(frame)
		}
	}
}

// bench is a pool before a vendor.
type bench struct {
	t      *testing.T
	vendor *upstreamtest.Vendor
	pool   *vendorsocket.Pool
	n      int
}

// pooled runs a test in a bubble, which fails where a goroutine is left.
func pooled(t *testing.T, cfg vendorsocket.PoolConfig, test func(*testing.T, *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, vendor: upstreamtest.NewVendor(echo)}
		defer b.vendor.Close()
		cfg.Socket.HTTP = b.vendor.Client()
		cfg.Log = zerolog.Nop()
		cfg.StreamsPerSocket = max(cfg.StreamsPerSocket, 1)
		b.pool = vendorsocket.NewPool(dialect{}, cfg)
		defer b.pool.Close()
		test(t, b)
	})
}

// try joins a stream of that key.
func (b *bench) try(key, affinity string) (*member, error) {
	b.n++
	s := &member{t: b.t, id: "s" + strconv.Itoa(b.n)}
	return s, b.pool.Join(b.t.Context(), &s.seat, vendorsocket.Want{ID: s.id, Key: key, Affinity: affinity, Member: s})
}

func (b *bench) join(key string) *member {
	b.t.Helper()
	s, err := b.try(key, "")
	if err != nil {
		b.t.Fatalf("Join: %v", err)
	}
	return s
}

// sockets checks how many sockets have been opened and how many are open.
func (b *bench) sockets(opened, open int) {
	b.t.Helper()
	synctest.Wait()
	if gotOpened, gotOpen := b.vendor.Sockets(); gotOpened != opened || gotOpen != open {
		b.t.Errorf("got %d sockets opened and %d open, want %d and %d", gotOpened, gotOpen, opened, open)
	}
}

func wantKind(t *testing.T, err error, kind upstream.Kind) {
	t.Helper()
	var e *upstream.Error
	if !errors.As(err, &e) || e.Kind != kind {
		t.Errorf("got %v, want %s", err, kind)
	}
	upstreamtest.CheckError(t, err, nil, "hush")
}

const second = time.Second

// plan makes sockets from now on never answer a ping, or never be read.
func (b *bench) plan(noPong, frozen bool) {
	b.vendor.SetPlan(upstreamtest.Plan{NoPong: noPong, Frozen: frozen})
}
