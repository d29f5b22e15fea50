package deepgram

import (
	"github.com/coder/websocket"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
)

// Codes of errors on the socket. Those with a number are the vendor's.
const (
	codeUnreadable = "MESSAGE-0000"
	codeBadData    = "DATA-0000"
	codeNetwork    = "NET-0001"
	codeRate       = "RATE_LIMIT"
)

// socketCode is an error of ours in the words of the protocol.
func socketCode(code protocol.Code) string {
	switch code {
	case protocol.CodeRateLimitExceeded, protocol.CodeTooManyGenerations, protocol.CodeTooManyConnections:
		return codeRate
	case protocol.CodeQuotaExceeded, protocol.CodeNotAllowed, protocol.CodeAuthFailed:
		return refusalCodes[code]
	case protocol.CodeInvalidRequest, protocol.CodeUnsupportedFormat, protocol.CodeUnknownVoice, protocol.CodeUnknownRoute, protocol.CodeUpstreamRejected:
		return codeBadData
	}
	return codeNetwork
}

// failLocked has a turn fail: the client is told, in order, and what still comes of its text is dropped.
func (t *talk) failLocked(of *turn, err *protocol.Error) {
	if of.failed {
		return
	}
	of.failed = true
	t.tellLocked(of, failure(socketCode(err.Code), err.Message))
}

// tellLocked sends a message about a turn, once those before it are over.
func (t *talk) tellLocked(of *turn, message any) {
	if t.turns[0] == of {
		t.send(message)
		return
	}
	of.waiting = append(of.waiting, message)
}

// advanceLocked sends the ends of turns that are over, in order.
func (t *talk) advanceLocked() {
	for len(t.turns) > 0 {
		first := t.turns[0]
		for _, message := range first.waiting {
			t.send(message)
		}
		first.waiting = nil
		if !first.finished || first.running() {
			return
		}
		t.fillLocked(first)
		for _, message := range t.wire.ended(first) {
			t.send(message)
		}
		t.turns[0] = nil
		t.turns = t.turns[1:]
	}
	t.turns = nil
}

// fillLocked has a client that gave some text hear a moment of silence where there was nothing to speak.
func (t *talk) fillLocked(of *turn) {
	if of.failed || len(of.parts) == 0 || of.heard() > 0 {
		return
	}
	of.silent = true
	if message := t.wire.started(of.speech); message != nil {
		t.send(message)
	}
	of.parts[len(of.parts)-1].audio = downstream.EmptyTurn
	t.SendBinary(downstream.SilenceFor(t.asked.output))
}

// finishLocked says that no more text of a turn comes.
func (t *talk) finishLocked(of *turn) {
	if p := of.taking(); p != nil {
		p.g.FinishText()
	}
	of.finished = true
}

// dropLocked stops all turns. Once it returns, nothing of them comes any more; the next one waits for none of them.
func (t *talk) dropLocked() {
	for _, g := range t.turns.running() {
		g.Stop(relay.CauseCancelled)
	}
	t.turns, t.order = nil, &delivery.Turn{}
}

// leaveLocked ends the session once all is spoken that its client said before its Close.
func (t *talk) leaveLocked() {
	if t.phase != closing || len(t.turns) > 0 {
		return
	}
	t.phase = left
	if message := t.wire.left(); message != nil {
		t.send(message)
	}
	t.Conn.Shut(websocket.StatusNormalClosure, "")
}
