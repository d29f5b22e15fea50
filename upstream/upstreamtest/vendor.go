package upstreamtest

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// Vendor is a server in memory, which answers each socket, or each request, with a script.
type Vendor struct {
	// Static after NewVendor.
	script   func(*Conn)
	wire     Wire
	server   *http.Server
	listener *listener

	shared

	// Guarded by its mu.
	status     int // refuse handshakes with it; 0: don't
	header     http.Header
	conns      []*Conn // open now
	sockets    int     // opened so far
	handshakes int     // begun so far

	wg sync.WaitGroup
}

// NewVendor starts a vendor with WebSockets. The test must Close it. Within a synctest bubble it is to be made there.
func NewVendor(script func(*Conn)) *Vendor { return newVendor(OverWebSocket, script) }

// NewHTTPVendor is NewVendor of one that answers requests.
func NewHTTPVendor(script func(*Conn)) *Vendor { return newVendor(OverHTTP, script) }

func newVendor(wire Wire, script func(*Conn)) *Vendor {
	v := unserved(wire, script)
	v.server = &http.Server{Handler: http.HandlerFunc(v.serve), ReadHeaderTimeout: time.Minute}
	v.wg.Go(func() { _ = v.server.Serve(v.listener) }) // ends with ErrServerClosed
	return v
}

func unserved(wire Wire, script func(*Conn)) *Vendor {
	return &Vendor{script: script, wire: wire, listener: &listener{conns: make(chan net.Conn), over: make(chan struct{})}}
}

// NewTCPVendor is NewVendor of one with bare connections, of which next reads a client's message.
func NewTCPVendor(next func(*bufio.Reader) ([]byte, error), script func(*Conn)) *Vendor {
	v := unserved(OverTCP, script)
	v.wg.Go(func() {
		for {
			conn, err := v.listener.Accept()
			if err != nil {
				return // it is closed
			}
			v.wg.Go(func() { v.converse(newConn(&v.shared, bare{conn, bufio.NewReader(conn), next}, nil)) })
		}
	})
	return v
}

// Client dials the vendor, whatever the address.
func (v *Vendor) Client() *http.Client { return v.listener.client() }

// SetPlan is what happens to streams from now on.
func (v *Vendor) SetPlan(p Plan) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.plan = p
}

// Refuse answers handshakes from now on with an HTTP status and header; 0 accepts them again.
func (v *Vendor) Refuse(status int, header http.Header) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.status, v.header = status, header
}

// Sockets is how many sockets have been opened so far, and how many are open now.
func (v *Vendor) Sockets() (opened, open int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.sockets, len(v.conns)
}

// Handshakes is how many have been begun so far.
func (v *Vendor) Handshakes() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.handshakes
}

// Stops are the streams that were stopped, in order.
func (v *Vendor) Stops() []Stop {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.stops)
}

// Drop breaks all sockets without a close frame.
func (v *Vendor) Drop() {
	v.mu.Lock()
	conns := slices.Clone(v.conns)
	v.mu.Unlock()
	for _, c := range conns {
		c.Drop()
	}
}

// Close ends everything and waits for it.
func (v *Vendor) Close() {
	v.listener.close()
	if v.server != nil {
		_ = v.server.Close() // its connections are in memory
	}
	v.Drop()
	v.wg.Wait()
}

// serve answers one handshake, and then the socket.
func (v *Vendor) serve(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	status, header, plan := v.status, v.header, v.plan
	v.handshakes++
	v.mu.Unlock()
	select {
	case <-time.After(plan.Handshake):
	case <-r.Context().Done():
		return
	}
	if status != 0 {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		return
	}
	if v.wire == OverHTTP {
		v.converse(newConn(&v.shared, &answer{w: w, r: r, over: make(chan struct{})}, r))
		return
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		OnPingReceived: func(context.Context, []byte) bool { return !plan.NoPong },
	})
	if err != nil {
		return // it has answered
	}
	ws.SetReadLimit(1 << 20)
	v.converse(newConn(&v.shared, socket{ws}, r))
}

// converse plays the script on a socket, or to a request.
func (v *Vendor) converse(c *Conn) {
	v.add(c)
	defer v.remove(c)
	if c.Plan().Frozen {
		<-v.listener.over
		c.Drop()
		return
	}
	c.run(v.script)
}

func (v *Vendor) add(c *Conn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.conns = append(v.conns, c)
	v.sockets++
}

func (v *Vendor) remove(c *Conn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.conns = slices.DeleteFunc(v.conns, func(other *Conn) bool { return other == c })
	if a, ok := c.wire.(*answer); ok && !a.aborted() {
		return // it came to its end
	}
	v.stops = append(v.stops, Stop{At: time.Now()})
}

// must fails the test on an error that is not part of what it checks.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
