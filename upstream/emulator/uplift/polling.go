package uplift

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// engineAnswer sends packets as a body.
func engineAnswer(w http.ResponseWriter, packets ...string) {
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	_, _ = io.WriteString(w, strings.Join(packets, engineSeparator)) // the client may have gone
}

// startPoll reports whether this poll may wait for packets: one at a time, and none beside a WebSocket.
func (e *engineConnection) startPoll() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.socket || e.polling {
		return false
	}
	e.polling = true
	return true
}

func (e *engineConnection) endPoll() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.polling = false
}

// poll answers a GET with what is queued, or waits for the first packet.
func (e *engineConnection) poll(w http.ResponseWriter, r *http.Request) {
	if !e.startPoll() {
		e.end() // as Engine.IO's server does
		engineRefuse(w, 3, "Bad request")
		return
	}
	defer e.endPoll()
	var packets []string
	size := 0
	for size < enginePayload {
		p, ok := e.next(r.Context(), len(packets) == 0)
		if !ok {
			break
		}
		if p.drop || p.close != 0 {
			e.end()
			packets = append(packets, engineClose)
			break
		}
		packets = append(packets, p.text)
		size += len(p.text)
	}
	if len(packets) == 0 {
		engineRefuse(w, 1, "Session ID unknown")
		return
	}
	engineAnswer(w, packets...)
}

// next takes a packet off the queue. It waits for one only where it is told to.
func (e *engineConnection) next(ctx context.Context, wait bool) (p packet, ok bool) {
	select {
	case p := <-e.out:
		return p, true
	default:
	}
	if !wait {
		return p, false
	}
	select {
	case p := <-e.out:
		return p, true
	case <-ctx.Done():
	case <-e.life.Done():
	}
	return p, false
}

// post takes the packets of a POST.
// "ok" is what Engine.IO's server answers, and what its client waits for.
func (e *engineConnection) post(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, enginePayload))
	if err != nil {
		e.end()
		engineRefuse(w, 3, "Bad request")
		return
	}
	for packet := range strings.SplitSeq(string(body), engineSeparator) {
		e.take(packet)
	}
	w.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(w, "ok") // the client may have gone
}

// upgrade moves a connection from polling to a WebSocket: the client asks whether it works, ends its poll, and says so.
// The order is Engine.IO's: 2probe, 3probe, 5. In between, polling remains the transport.
func (e *engineConnection) upgrade(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }() // it is over
	ctx, cancel := context.WithTimeout(e.life, engineUpgradeWait)
	defer cancel()
	if !expectPacket(ctx, conn, enginePing+engineProbe) {
		return
	}
	if conn.Write(ctx, websocket.MessageText, []byte(enginePong+engineProbe)) != nil {
		return
	}
	var releaser sync.WaitGroup
	releaser.Go(func() { e.releasePolls(ctx) })
	upgraded := expectPacket(ctx, conn, engineUpgrade)
	cancel()
	releaser.Wait()
	if upgraded && e.switchToSocket() {
		e.serve(conn)
	}
}

// expectPacket reports whether the client's next packet is this one.
func expectPacket(ctx context.Context, conn *websocket.Conn, want string) bool {
	_, data, err := conn.Read(ctx)
	return err == nil && string(data) == want
}

// releasePolls lets waiting polls go: the client upgrades only when none is under way, and may have begun another one
// before it has heard that it may.
func (e *engineConnection) releasePolls(ctx context.Context) {
	for {
		e.mu.Lock()
		waiting := e.polling && len(e.out) == 0
		e.mu.Unlock()
		if waiting {
			e.push(ctx, packet{text: engineNoop})
		}
		if !engine.Pause(ctx, engineNoopEvery) {
			return
		}
	}
}

// switchToSocket reports whether a WebSocket may be the transport from now on.
func (e *engineConnection) switchToSocket() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.socket || e.life.Err() != nil {
		return false
	}
	e.socket = true
	return true
}

// engineRefuse answers as Engine.IO's server does.
func engineRefuse(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(engine.Object{"code": code, "message": message}) // the client may have gone
}
