package engine

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/voice"
)

// Server is one vendor's emulator.
type Server struct {
	// Static after New.
	vendor  Vendor
	opts    Options
	handler http.Handler
	talk    func(conn net.Conn) // of a vendor that does not speak HTTP; nil: it does
	quirks  any

	life context.Context // of every connection; ended by Close
	end  context.CancelFunc
	// Both are made by Start.
	stop        func() error // ends what listens
	certificate tls.Certificate
	wg          sync.WaitGroup // the server, connections and their streams

	record
	links links // of far clients

	mu      sync.Mutex // guards what follows
	fault   Fault
	sockets map[*websocket.Conn]struct{}
	conns   map[net.Conn]struct{} // of vendors without WebSockets
}

// Vendor is what an emulated vendor does otherwise than the others.
type Vendor struct {
	// Name is what the vendor is called in configurations and on command lines.
	Name string
	// Scheme is that of the vendor's addresses, where nothing encrypts them; empty: ws.
	Scheme string
	// Base is the path of the address that clients are told, if it has one.
	Base string
	// Serve makes the handler of a server, and what its seed has drawn of what the vendor's reference leaves open.
	Serve func(s *Server) (handler http.Handler, quirks any)
	// Talk is Serve of a vendor that does not speak HTTP, and has connections of its own. What it makes serves one until that
	// ends, by itself or because it was closed.
	Talk func(s *Server) (talk func(conn net.Conn), quirks any)
}

// New is a vendor's emulator. It is an http.Handler too.
// A server that only serves as a handler has no need of Start, yet Close is to be called in either case.
func New(v Vendor, o Options) *Server {
	s := &Server{vendor: v, opts: o, fault: o.Fault, sockets: make(map[*websocket.Conn]struct{}), conns: make(map[net.Conn]struct{})}
	s.changed = make(chan struct{})
	s.life, s.end = context.WithCancel(context.Background())
	if v.Talk != nil {
		s.handler = http.NotFoundHandler()
		s.talk, s.quirks = v.Talk(s)
		return s
	}
	s.handler, s.quirks = v.Serve(s)
	return s
}

// Options are those that the server was made with.
func (s *Server) Options() Options { return s.opts }

// Context is that of every connection. Close ends it.
func (s *Server) Context() context.Context { return s.life }

// Go runs what goes on beside the requests, such as a session that outlives the one that began it. Close waits for it.
func (s *Server) Go(f func()) { s.wg.Go(f) }

// ServeHTTP implements http.Handler. Once Close has begun, no client is let in, for it would not be waited for.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
		return
	}
	defer s.wg.Done()
	s.handler.ServeHTTP(w, r)
}

// enter counts a request among what Close waits for. It reports false where Close has begun.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life.Err() != nil {
		return false
	}
	s.wg.Add(1)
	return true
}

// run is Go of what ends with the server. It reports false where Close has begun.
func (s *Server) run(f func(life context.Context)) bool {
	if !s.enter() {
		return false
	}
	go func() {
		defer s.wg.Done()
		f(s.life)
	}()
	return true
}

// Quirks prints what the seed has drawn.
// That is what a test logs when it fails, and what a person needs to repeat it: the seed draws the same each time.
func (s *Server) Quirks() string { return fmt.Sprintf("%+v", s.quirks) }

// Certificate is what clients must trust, in PEM, once a server with Options.TLS has started.
// It panics before Start, and without that option.
func (s *Server) Certificate() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.certificate.Certificate[0]})
}

// Say speaks a text in the options' voice.
// The speed is a factor: 1 is usual, and 2 takes half the time. Without espeak-ng, or where it fails, it is tones (package
// voice).
func (s *Server) Say(ctx context.Context, text string, normalize bool, seed uint64, speed float64) voice.Spoken {
	if s.opts.Speaker != nil {
		spoken, err := s.opts.Speaker(ctx, text, NativeRate, speed)
		if err == nil && len(spoken.Words) > 0 {
			return spoken
		}
	}
	if s.opts.Speech && voice.HasEspeak() {
		spoken, err := voice.SpeakAloud(ctx, text, NativeRate, speed)
		if err == nil && len(spoken.Words) > 0 {
			return spoken
		}
	}
	return voice.SpeakTokens(voice.Tokens(text, normalize), seed, NativeRate, speed)
}

// Close ends every connection and waits for every goroutine.
func (s *Server) Close() error {
	s.mu.Lock() // so that no request enters unseen
	s.end()
	s.mu.Unlock()
	var err error
	if s.stop != nil {
		err = s.stop()
	}
	s.wg.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Sever has the vendor forget every connection without a word to its clients, as a path does that is idle for too
// long: they learn of it, by a reset, once they send something. It needs Options.Distance.
func (s *Server) Sever() { s.links.sever() }

// SetFault changes what goes wrong, for streams that begin from now on.
func (s *Server) SetFault(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// CurrentFault is what goes wrong for a stream that begins now.
func (s *Server) CurrentFault() Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}
