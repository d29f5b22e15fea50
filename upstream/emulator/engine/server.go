package engine

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Server is one vendor's emulator.
type Server struct {
	// Static after New.
	opts    Options
	handler http.Handler
	quirks  any

	life context.Context // of every connection; ended by Close
	end  context.CancelFunc
	http *http.Server
	// certificate is made by Start.
	certificate tls.Certificate
	wg          sync.WaitGroup // the server, connections and their streams

	mu      sync.Mutex // guards what follows
	fault   Fault
	stats   Stats
	changed chan struct{} // closed and replaced whenever stats change
	links   map[*link]struct{}
	sockets map[*websocket.Conn]struct{}
}

// Vendor is what an emulated vendor does otherwise than the others.
type Vendor struct {
	// Name is what the vendor is called in configurations and on command lines.
	Name string
	// Serve makes the handler of a server, and what its seed has drawn of what the vendor's reference leaves open.
	Serve func(s *Server) (handler http.Handler, quirks any)
}

// New is a vendor's emulator. It is an http.Handler too.
func New(v Vendor, o Options) *Server {
	s := &Server{opts: o, fault: o.Fault, changed: make(chan struct{}), sockets: make(map[*websocket.Conn]struct{})}
	s.life, s.end = context.WithCancel(context.Background())
	s.handler, s.quirks = v.Serve(s)
	return s
}

// Options are those that the server was made with.
func (s *Server) Options() Options { return s.opts }

// Context is that of every connection. Close ends it.
func (s *Server) Context() context.Context { return s.life }

// Go runs what goes on beside the requests, such as a session that outlives the one that began it. Close waits for it.
func (s *Server) Go(f func()) { s.wg.Go(f) }

// ServeHTTP implements http.Handler. Once Close has begun, nobody is let in, for it would not be waited for.
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

// Quirks prints what the seed has drawn.
func (s *Server) Quirks() string { return fmt.Sprintf("%+v", s.quirks) }

// Start listens on an address and returns the base URL, such as ws://127.0.0.1:9000.
func (s *Server) Start(address string) (url string, err error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	url = "ws://" + listener.Addr().String()
	if s.opts.Distance > 0 {
		listener = &farListener{Listener: listener, server: s, distance: s.opts.Distance}
	}
	if s.opts.TLS {
		s.certificate, err = newCertificate()
		if err != nil {
			return "", errors.Join(err, listener.Close())
		}
		url = "wss" + strings.TrimPrefix(url, "ws")
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{s.certificate}, MinVersion: tls.VersionTLS12})
	}
	s.http = &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: log.New(io.Discard, "", 0), // of clients that leave before they have said anything
	}
	s.wg.Go(func() { _ = s.http.Serve(listener) }) // ends with Close
	return url, nil
}

// Close ends every connection and waits for every goroutine.
func (s *Server) Close() error {
	s.mu.Lock() // so that no request enters unseen
	s.end()
	s.mu.Unlock()
	var err error
	if s.http != nil {
		err = s.http.Close()
	}
	s.wg.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// SetFault changes what goes wrong, for streams that begin from now on.
func (s *Server) SetFault(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

func (s *Server) CurrentFault() Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}

// Stats is what an emulator has seen.
type Stats struct {
	OpenSockets, MaxOpenSockets   int
	OpenContexts, MaxOpenContexts int
	// Sockets counts connections, Refused those that were not let in.
	Sockets, Refused int
	// Cancels are the orders to stop, in the client's words.
	Cancels []Cancel
	// Streams are the contexts, in the order in which they began.
	Streams []Stream
}

// Cancel is an order to stop.
type Cancel struct {
	ID string
	At time.Time
}

// Stream is a context, or a single request.
type Stream struct {
	ID string
	// Texts are the pieces as they were received, Flushes the orders to speak.
	Texts   []string
	Flushes int
	// KeepAlives counts the empty texts that only keep it open.
	KeepAlives int
	// Audio is what was generated, and so what is charged.
	Audio time.Duration
	// Charge is in millionths of a currency unit; the vendor may not have told it.
	Charge int64
	Over   bool
}

// clone is a copy that nobody else changes.
func (s Stats) clone() Stats {
	s.Cancels = slices.Clone(s.Cancels)
	s.Streams = slices.Clone(s.Streams)
	for i := range s.Streams {
		s.Streams[i].Texts = slices.Clone(s.Streams[i].Texts)
	}
	return s
}

// Stats is what has been seen so far.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats.clone()
}

// WaitFor waits until what has been seen satisfies a condition, and reports whether it did in time.
func (s *Server) WaitFor(condition func(Stats) bool, within time.Duration) bool {
	timeout := time.NewTimer(within)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		seen, changed := s.stats.clone(), s.changed
		s.mu.Unlock()
		if condition(seen) {
			return true
		}
		select {
		case <-changed:
		case <-timeout.C:
			return condition(s.Stats())
		}
	}
}

// Note changes what has been seen.
func (s *Server) Note(change func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.stats)
	s.stats.MaxOpenSockets = max(s.stats.MaxOpenSockets, s.stats.OpenSockets)
	s.stats.MaxOpenContexts = max(s.stats.MaxOpenContexts, s.stats.OpenContexts)
	close(s.changed)
	s.changed = make(chan struct{})
}

// Connected notes a socket, and later its end.
func (s *Server) Connected() (over func()) {
	s.Note(func(st *Stats) { st.Sockets++; st.OpenSockets++ })
	return func() { s.Note(func(st *Stats) { st.OpenSockets-- }) }
}

// Begin enters a stream and returns its index in the stats.
func (s *Server) Begin(id string) (index int) {
	s.Note(func(st *Stats) {
		index = len(st.Streams)
		st.Streams = append(st.Streams, Stream{ID: id})
		st.OpenContexts++
	})
	return index
}

// Stream changes what has been seen of a stream.
func (s *Server) Stream(index int, change func(*Stream)) {
	s.Note(func(st *Stats) { change(&st.Streams[index]) })
}

// Finish notes a stream's end, once.
func (s *Server) Finish(index int) {
	s.Note(func(st *Stats) {
		if !st.Streams[index].Over {
			st.Streams[index].Over = true
			st.OpenContexts--
		}
	})
}

// Accept lets a client in, or refuses it as the fault says.
func (s *Server) Accept(w http.ResponseWriter, r *http.Request) (*websocket.Conn, bool) {
	return s.AcceptWith(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
}

// AcceptWith is Accept with the options of a vendor whose handshake is not the plain one.
func (s *Server) AcceptWith(w http.ResponseWriter, r *http.Request, o *websocket.AcceptOptions) (*websocket.Conn, bool) {
	fault := s.CurrentFault()
	refused := fault.Kind == Refuse
	if refused && fault.Code < 1000 {
		s.Note(func(st *Stats) { st.Refused++ })
		if seconds := int(fault.After.Seconds()); seconds > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(seconds))
		}
		http.Error(w, http.StatusText(fault.Code), fault.Code)
		return nil, false
	}
	conn, err := websocket.Accept(w, r, o)
	if err != nil {
		return nil, false
	}
	conn.SetReadLimit(1 << 20)
	s.addSocket(r.Context(), conn)
	if refused {
		s.Note(func(st *Stats) { st.Refused++ })
		_ = conn.Close(websocket.StatusCode(fault.Code), "refused") // the client may have gone
		return nil, false
	}
	return conn, true
}

// addSocket notes a socket for as long as its request is served.
func (s *Server) addSocket(request context.Context, conn *websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sockets[conn] = struct{}{}
	context.AfterFunc(request, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.sockets, conn)
	})
}

// HangUp closes all sockets that are open, as vendors do with idle ones: by a close frame of that code, or without one
// where it is 0.
func (s *Server) HangUp(code int) {
	s.mu.Lock()
	sockets := slices.Collect(maps.Keys(s.sockets))
	s.mu.Unlock()
	var wg sync.WaitGroup
	for _, conn := range sockets {
		wg.Go(func() {
			if code == 0 {
				_ = conn.CloseNow() // the client may have gone
				return
			}
			_ = conn.Close(websocket.StatusCode(code), "")
		})
	}
	wg.Wait()
}

// Object is a message to a client.
type Object map[string]any

// Send writes a message. A client that has gone is noticed by the connection's reader.
func Send(conn *websocket.Conn, o Object) {
	body, err := json.Marshal(o)
	if err != nil {
		panic(fmt.Sprintf("emulator: %v", err)) // a frame of ours that is no JSON
	}
	_ = conn.Write(context.Background(), websocket.MessageText, body)
}
