package together

import (
	"context"
	"net/http"
	"net/url"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// Vendor is the emulator of Together.
var Vendor = engine.Vendor{Name: "together", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	g := &emulator{server: s, quirks: drawQuirks(s.Options())}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/audio/speech/websocket", g.connect)
	return mux, g.quirks
}

// connect checks the key and serves a connection until it ends.
// The reference lists invalid_api_key and missing_api_key "(401)" beside the failure event, and not whether they come before
// the upgrade or after it. Its sample takes any first message but session.created as a failure, so clients have to survive
// both.
func (g *emulator) connect(w http.ResponseWriter, r *http.Request) {
	refusal := g.badKey(r)
	if refusal != nil && !g.quirks.authInBand {
		g.server.Note(func(st *engine.Stats) { st.Refused++ })
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
		return
	}
	c := &connection{line: line{emulator: g, turns: engine.NewTurns(g.quirks.serial)}, contexts: make(map[string]*speechContext)}
	socket, ok := g.accept(w, r, c)
	if !ok {
		return
	}
	c.socket = socket
	stop := context.AfterFunc(g.server.Context(), func() { _ = socket.CloseNow() }) // ends the reader
	defer stop()
	defer func() { _ = socket.CloseNow() }() // it is over
	if refusal == nil {
		refusal = c.settle(r.URL.Query())
	}
	if refusal != nil {
		c.refuse(refusal)
		return
	}
	c.serve()
}

// accept opens the socket, also where a fault refuses by the first message.
func (g *emulator) accept(w http.ResponseWriter, r *http.Request, c *connection) (*websocket.Conn, bool) {
	o := &websocket.AcceptOptions{InsecureSkipVerify: true, OnPingReceived: c.pinged}
	if !g.refusesByMessage() {
		return g.server.AcceptWith(w, r, o)
	}
	socket, err := websocket.Accept(w, r, o)
	return socket, err == nil
}

// settle takes the parameters of the address, and returns why there can be no session; nil: there is one.
func (c *connection) settle(query url.Values) engine.Object {
	if c.refusesByMessage() {
		return failure(faultCode(c.server.CurrentFault()), "")
	}
	query.Del("api_key")
	update, err := updateOf(query)
	if err != nil {
		return c.quirks.unnamed("invalid_request", err.Error())
	}
	var refusal engine.Object
	c.settings, refusal = c.changed(defaultSettings(), update)
	return refusal
}

// refuse sends the message that stands in place of session.created. A socket that stays open is good for nothing.
// No close code is documented.
func (c *connection) refuse(o engine.Object) {
	c.server.Note(func(st *engine.Stats) { st.Refused++ })
	c.send(o)
	if c.quirks.refusalCloses {
		_ = c.socket.Close(websocket.StatusPolicyViolation, "") // the client may have gone
		return
	}
	for {
		if _, _, err := c.socket.Read(context.Background()); err != nil { // ends with the client, or with the server
			return
		}
	}
}
