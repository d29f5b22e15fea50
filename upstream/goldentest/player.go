package goldentest

import (
	"testing"
	"testing/synctest"

	"github.com/rs/zerolog"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// Actor is what depends on the vendor in playing an exchange.
type Actor interface {
	// Act does what makes the client's line, where the adapter has one like it.
	Act(e Entry)
	// Say sends the vendor's line, and tells the streams what must come of it.
	Say(e Entry)
	// Close closes the sockets with the code, and tells the streams what must come of that.
	Close(code int)
	// Refused is what a handshake's status means.
	Refused(status int) upstream.Kind
}

// Player is one exchange being played.
type Player struct {
	*testing.T
	Vendor   *upstreamtest.Vendor
	Provider upstream.Provider
	// Request is what streams are opened with, but for their ids.
	Request upstream.Request
	// Streams are those that were opened, in that order.
	Streams []*Stream

	key   string
	conns chan *upstreamtest.Conn
	conn  *upstreamtest.Conn
}

// Setup is how a Player begins.
type Setup struct {
	// Open makes the provider.
	Open    func(env upstream.Env) (upstream.Provider, error)
	Request upstream.Request
	// Key is the account's, which no error may tell.
	Key string
	// Greet is what the vendor does on a new connection, before any line; nil: nothing.
	Greet func(c *upstreamtest.Conn)
	// Sent takes what the adapter sends; nil: it is for the Actor to read.
	Sent func(frame []byte)
}

// NewPlayer is a player whose vendor and provider live as long as the test's bubble.
func NewPlayer(t *testing.T, s Setup) *Player {
	t.Helper()
	p := &Player{T: t, Request: s.Request, key: s.Key, conns: make(chan *upstreamtest.Conn, 16)}
	p.Vendor = upstreamtest.NewVendor(func(c *upstreamtest.Conn) {
		p.conns <- c
		if s.Greet != nil {
			s.Greet(c)
		}
		if s.Sent == nil {
			<-c.Over()
			return
		}
		for frame, ok := c.Next(); ok; frame, ok = c.Next() {
			s.Sent(frame)
		}
	})
	t.Cleanup(p.Vendor.Close)
	var err error
	p.Provider, err = s.Open(upstream.Env{
		Name: "golden", URL: upstreamtest.URL, APIKey: upstream.Secret(s.Key), HTTP: p.Vendor.Client(), Log: zerolog.Nop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Provider.Close() }) // never fails
	return p
}

// Play plays the lines.
func (p *Player) Play(a Actor, lines []Entry) {
	p.Helper()
	for _, e := range lines {
		switch {
		case e.Dir == "c2s":
			a.Act(e)
		case e.Refuse != 0:
			p.refuse(e.Refuse, a.Refused(e.Refuse))
		case e.Close != 0:
			a.Close(e.Close)
		default:
			a.Say(e)
		}
		synctest.Wait()
	}
}

// refuse has a handshake refused.
func (p *Player) refuse(status int, want upstream.Kind) {
	p.Helper()
	p.Vendor.Refuse(status, nil)
	p.WantRefused(want)
}

// WantRefused checks that no stream can be opened, for a reason of that kind.
func (p *Player) WantRefused(want upstream.Kind) {
	p.Helper()
	_, err := p.Provider.Open(p.Context(), p.Request, p.sink())
	if err == nil || upstream.KindOf(err) != want {
		p.Errorf("Open: got %v, want %s", err, want)
	}
}

// Open opens a stream of that id on the connection, which is the latest that has been opened.
func (p *Player) Open(id string) *Stream {
	p.Helper()
	req := p.Request
	req.ID = id
	s := &Stream{Sink: p.sink(), Name: id, t: p.T}
	var err error
	if s.Stream, err = p.Provider.Open(p.Context(), req, s.Sink); err != nil {
		p.Fatal(err)
	}
	s.Conn = p.Conn()
	p.Streams = append(p.Streams, s)
	return s
}

func (p *Player) sink() *upstreamtest.Sink {
	if p.key == "" {
		return upstreamtest.NewSink(p.T)
	}
	return upstreamtest.NewSink(p.T, p.key)
}

// Conn is the latest connection, or nil before the first.
func (p *Player) Conn() *upstreamtest.Conn {
	synctest.Wait()
	select {
	case p.conn = <-p.conns:
	default: // the one before
	}
	return p.conn
}

// Find is the latest stream of that name, or nil.
func (p *Player) Find(name string) *Stream {
	var found *Stream
	for _, s := range p.Streams {
		if s.Name == name {
			found = s
		}
	}
	return found
}

// CloseAll closes the latest connection with a code, by which all streams end that have not, as what kind says.
func (p *Player) CloseAll(code int, kind upstream.Kind) {
	for _, s := range p.Streams {
		s.MustEnd(kind)
	}
	p.Conn().Close(code)
}

// Check compares each stream with what the transcript said of it.
func (p *Player) Check() {
	p.Helper()
	for _, s := range p.Streams {
		s.check()
	}
}
