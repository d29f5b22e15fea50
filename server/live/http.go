package live

import (
	"context"
	"net/http"
	"regexp"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/relay"
	"voicerelay/server/answer"
)

// recordIDs is the form of records' ids: nothing else is told to other relays.
var recordIDs = regexp.MustCompile(`^[0-9A-Za-z]{1,64}$`)

// linePatience is how long a client may take for a line of the stream.
const linePatience = 10 * time.Second

// Watch tells how all relays do: all that there is to see, and then each second what has changed, a line of JSON each. It ends
// with the client, with its key, and with the relay. key is nil where none is asked for.
func (f *Feed) Watch(w http.ResponseWriter, r *http.Request, key *access.Key) {
	watching, refused := f.join(time.Now())
	if refused != nil {
		f.relay.Refuse(w, r, key, refused)
		return
	}
	defer f.leave(watching)
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // as nginx is told to pass it on at once
	to := http.NewResponseController(w)
	for {
		select {
		case <-r.Context().Done():
			return
		case line, more := <-watching.lines:
			if !more || key != nil && !f.relay.IsAdmin(key) {
				return
			}
			_ = to.SetWriteDeadline(time.Now().Add(linePatience)) // it fails only where the connection is over
			if _, err := w.Write(line); err != nil || to.Flush() != nil {
				return
			}
		}
	}
}

// Relays lists all relays on the Redis that this one shares: itself alone where there is none, or it is away.
func (f *Feed) Relays(w http.ResponseWriter, r *http.Request, _ *access.Key) {
	facts := f.facts()
	relays := []relayEntry{{Name: f.identity.Name, Status: f.relay.Status(), Facts: &facts}}
	complete := true
	if f.peers != nil {
		ctx, cancel := context.WithTimeout(r.Context(), peersPatience)
		defer cancel()
		others, err := f.peers.Others(ctx)
		complete = err == nil
		for _, o := range summariesOf(others) {
			relays = append(relays, entryOf(o))
		}
	}
	sortRelays(relays)
	answer.JSON(w, http.StatusOK, map[string]any{"relays": relays, "complete": complete})
}

// Stop ends a generation, at whichever relay it runs. What another relay runs is ended within a second or so.
func (f *Feed) Stop(w http.ResponseWriter, r *http.Request, key *access.Key) {
	record := r.PathValue("record_id")
	log := f.log.Info().Str("record_id", record)
	if key != nil {
		log = log.Str("by_key", key.Name)
	}
	if f.engine.Stop(record, relay.CauseOperator) {
		log.Msg("generation cancelled by an operator")
		answer.JSON(w, http.StatusOK, map[string]string{"record_id": record, "relay": f.identity.Name})
		return
	}
	told, err := f.askOthers(r.Context(), record)
	switch {
	case err != nil:
		f.relay.Refuse(w, r, key, &protocol.Error{Code: protocol.CodeLedgerUnavailable, Message: "the other relays can't be asked now"})
	case told == 0:
		refused := downstream.Invalid("record_id", "no such generation runs")
		refused.Status = http.StatusNotFound
		f.relay.Refuse(w, r, key, refused)
	default:
		log.Msg("other relays asked to cancel a generation")
		answer.JSON(w, http.StatusAccepted, map[string]string{"record_id": record})
	}
}

// askOthers asks the other relays to end a generation, and returns how many were asked.
func (f *Feed) askOthers(ctx context.Context, record string) (asked int, err error) {
	if f.peers == nil || !recordIDs.MatchString(record) {
		return 0, nil
	}
	ctx, cancel := context.WithTimeout(ctx, peersPatience)
	defer cancel()
	others, err := f.peers.Others(ctx)
	if err != nil {
		return 0, err
	}
	for _, o := range others {
		if o.Summary == nil {
			continue
		}
		if err := f.peers.Stop(ctx, o.Name, record); err != nil {
			return asked, err
		}
		asked++
	}
	return asked, nil
}
