package server

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
)

// Refused counts a refusal by its code, and tells the log: once a second and address at most, with how many there were. key is
// nil where none is known.
func (srv *Server) Refused(remote netip.Addr, code protocol.Code, key *access.Key) {
	srv.metrics.Refused(string(code))
	what := refusal{remote: remote, code: code}
	if key != nil {
		what.key = keyName{key.Tenant, key.Name, key.Next}
		srv.metrics.Recent().TenantRefused(key.Tenant, string(code))
	}
	srv.tellOf(what)
}

func (srv *Server) tellOf(what refusal) {
	if count, due := srv.refusedFrom.due(what, time.Now()); due {
		srv.logRefusal(what, count)
	}
}

// logRefusal warns of wrong keys and origins, and informs of other refusals. Where there were several codes, it says how often each.
func (srv *Server) logRefusal(what refusal, count refusalCount) {
	line := srv.log.Info()
	if count.byCode[protocol.CodeAuthFailed]+count.byCode[protocol.CodeOriginNotAllowed] > 0 {
		line = srv.log.Warn()
	}
	line = line.Stringer("remote", what.remote).Int("refusals", count.all)
	if len(count.byCode) > 1 {
		codes := zerolog.Dict()
		for _, code := range slices.Sorted(maps.Keys(count.byCode)) {
			codes.Int(cmp.Or(string(code), "tls_handshake"), count.byCode[code])
		}
		line = line.Dict("codes", codes)
	}
	if of := what.key; of.key != "" {
		line = line.Str("tenant", of.tenant).Str("key", of.key).Bool("next_key", of.next)
	}
	if what.handshake != "" {
		line.Str("error", what.handshake).Msg("TLS handshake failed")
		return
	}
	line.Str("code", string(what.code)).Msg("refused")
}

// logOverdue tells the log of refusals that came too soon after a line about their address.
func (srv *Server) logOverdue(now time.Time) {
	for _, line := range srv.refusedFrom.overdue(now) {
		srv.logRefusal(line.latest, line.count)
	}
}

// Refuse answers a request with why it is refused. key is nil where none is known.
func (srv *Server) Refuse(w http.ResponseWriter, r *http.Request, key *access.Key, err *protocol.Error) {
	srv.Refused(srv.setup.Load().remoteOf(r), err.Code, key)
	downstream.WriteError(w, err)
}

// answerTo is what to answer a request whose key was refused, once that is counted and told to the log. Where many keys of an
// address were none, it waits, and says when to ask again. A valid key is never refused for that, since many clients may share
// an address.
func (srv *Server) answerTo(r *http.Request, key *access.Key, presented string, err *protocol.Error) *protocol.Error {
	remote := srv.setup.Load().remoteOf(r)
	srv.Refused(remote, err.Code, key)
	if err.Code != protocol.CodeAuthFailed || key != nil || presented == "" {
		return err
	}
	wait, tooMany := srv.refusedFrom.guessed(remote, time.Now())
	if !tooMany {
		return err
	}
	srv.holdUp(r.Context(), remote)
	return &protocol.Error{
		Code:       protocol.CodeRateLimitExceeded,
		Message:    "this key is not valid, and neither were too many before it from this address",
		RetryAfter: wait,
	}
}

// holdUp waits before the answer to a guess, unless too many answers wait.
func (srv *Server) holdUp(ctx context.Context, remote netip.Addr) {
	over, ok := srv.refusedFrom.delay(remote)
	if !ok {
		return
	}
	defer over()
	select {
	case <-ctx.Done():
	case <-time.After(guessDelay):
	}
}
