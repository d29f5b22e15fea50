package uplift

import (
	"context"
	"encoding/json"
	"strings"

	"voicerelay/upstream/emulator/engine"
)

// Socket.IO's packet types, each within an Engine.IO message.
const (
	socketConnect      = "0"
	socketDisconnect   = "1"
	socketEvent        = "2"
	socketConnectError = "4"
	socketLast         = "6"
)

// room is the namespace on a Socket.IO connection, in which all messages are.
// Every message of the server is the event "message".
type room struct{ engine *engineConnection }

func (r room) deliver(ctx context.Context, o engine.Object) {
	body, _ := json.Marshal([]any{"message", o}) // ours are JSON
	r.engine.sendPacket(ctx, socketEvent, socketNamespace, string(body))
}

func (r room) garbage(ctx context.Context) {
	r.engine.push(ctx, packet{text: engine.GarbageText})
}

func (r room) drop(ctx context.Context) { r.engine.push(ctx, packet{drop: true}) }

func (r room) close(ctx context.Context, code int) {
	r.engine.push(ctx, packet{close: code})
}

// sendPacket sends a Socket.IO packet. The namespace "/" goes without saying.
func (e *engineConnection) sendPacket(ctx context.Context, kind, namespace, body string) {
	if namespace == "/" {
		namespace = ""
	} else {
		namespace += ","
	}
	e.push(ctx, packet{text: engineMessage + kind + namespace + body})
}

// socketIO applies a Socket.IO packet, and reports whether it makes sense. Only called while applying.
func (e *engineConnection) socketIO(packet string) (ok bool) {
	if packet == "" {
		return false
	}
	kind, rest := packet[:1], packet[1:]
	namespace := "/"
	if strings.HasPrefix(rest, "/") {
		namespace, rest, _ = strings.Cut(rest, ",")
	}
	ours := namespace == socketNamespace
	switch {
	case kind < socketConnect || kind > socketLast:
		return false
	case kind == socketConnect:
		return e.connect(namespace, rest)
	case !ours || e.session == nil:
		return namespace == "/" // as Socket.IO's server, which closes on what is for a namespace that was not joined
	case kind == socketDisconnect:
		e.leave()
	case kind == socketEvent:
		return e.event(rest)
	}
	return true // what else there is (acknowledgments, binary events) has no meaning here
}

// connect lets a client into a namespace, and reports whether what it shows makes sense. The root always is one, where
// nothing happens.
// The key is "token" in the auth object that goes with the request to join: headers have no part in it (Uplift's docs,
// WebSocket TTS).
func (e *engineConnection) connect(namespace, auth string) (ok bool) {
	var shown struct {
		Token string `json:"token"`
	}
	if auth != "" && !json.Valid([]byte(auth)) {
		return false
	}
	_ = json.Unmarshal([]byte(auth), &shown) // what there is of it
	sid := `{"sid":"` + e.nextID("io_") + `"}`
	switch {
	case namespace == "/":
		e.sendPacket(e.life, socketConnect, namespace, sid)
	case namespace != socketNamespace:
		e.sendPacket(e.life, socketConnectError, namespace, `{"message":"Invalid namespace"}`)
		return true
	case e.knows(shown.Token) && e.session != nil:
		return true // it is in already
	case e.knows(shown.Token):
		e.sendPacket(e.life, socketConnect, namespace, sid)
		e.session = newSession(e.life, e.emulator, room{e})
		e.session.ready()
	default:
		e.server.Note(func(st *engine.Stats) { st.Refused++ })
		e.showOut(namespace, sid)
		return true
	}
	if !e.namespace {
		e.namespace = true
		close(e.joined)
	}
	return true
}

// showOut tells a client that its key is bad, in the way that the seed has drawn.
// Neither way is documented, and clients survive both.
func (e *engineConnection) showOut(namespace, sid string) {
	if !e.quirks.authByError {
		e.sendPacket(e.life, socketConnectError, namespace, `{"message":"auth_failed"}`)
		return
	}
	e.sendPacket(e.life, socketConnect, namespace, sid)
	room{e}.deliver(e.life, engine.Object{"type": "error", "code": "auth_failed", "message": errorMessages()["auth_failed"]})
	e.sendPacket(e.life, socketDisconnect, namespace, "")
}

// leave ends what there is in the namespace. Only called while applying.
func (e *engineConnection) leave() {
	if e.session != nil {
		e.session.stop()
		e.session = nil
	}
}

// event applies an event: its name and the message, after the number of an acknowledgment that the vendor never sends.
func (e *engineConnection) event(body string) (ok bool) {
	body = strings.TrimLeft(body, "0123456789")
	var arguments []json.RawMessage
	var name string
	if json.Unmarshal([]byte(body), &arguments) != nil || len(arguments) == 0 || json.Unmarshal(arguments[0], &name) != nil {
		return false
	}
	message := json.RawMessage("null")
	if len(arguments) > 1 {
		message = arguments[1]
	}
	e.session.take(name, message)
	return true
}
