package emulatortest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/upstreamtest"
)

// WantRequestID checks that the vendor finds the stream by the id that is told of it: that of its latest context, or of the
// connection which that is named after.
func (r *Rig) WantRequestID(h upstreamtest.Heard) {
	r.Helper()
	id := h.Usage.RequestID
	found := func(s emulator.Stream) bool {
		return id == s.ID || strings.HasSuffix(id, "/"+s.ID) || strings.HasPrefix(s.ID, id+".")
	}
	if streams := r.Server.Stats().Streams; id == "" || !slices.ContainsFunc(streams, found) {
		r.Errorf("RequestID: got %q, of no stream that the vendor had: %+v", id, streams)
	}
}

// RequestIDs checks that a vendor finds what it spoke, what it was stopped at, and what it failed at; failed is a fault in
// mid-speech, and its the vendor's own id of that, if it gives one.
func (s Subject) RequestIDs(t *testing.T, failed, its string) {
	t.Run("spoken", func(t *testing.T) {
		s.EachSeed(t, emulator.Options{}, func(r *Rig) { r.WantRequestID(r.Say(r.Request, Sentences()...)) })
	})
	t.Run("stopped", func(t *testing.T) {
		s.Run(t, emulator.Options{Pace: 2, Seed: 1}, func(r *Rig) {
			l := r.Begin(r.Request)
			l.MustOrder(true, Text())
			r.AwaitAudio()
			l.Stop(ErrStop)
			r.WantRequestID(l.Heard())
		})
	})
	t.Run("failed", func(t *testing.T) {
		told := its == "" // whether an error had the id: some seeds have none
		s.FirstSeeds(t, min(upstreamtest.Seeds, 8), emulator.Options{Fault: Fault(t, failed)}, func(r *Rig) {
			h := r.Try(r.Request, Sentences()...)
			if h.Err == nil {
				r.Fatalf("%s: no error", failed)
			}
			r.WantRequestID(h)
			got := upstream.RequestIDOf(h.Err)
			if got != its && got != "" {
				r.Errorf("the error's id: got %q, want %q", got, its)
			}
			told = told || got == its
		})
		if !told {
			t.Errorf("no error had the id %q", its)
		}
	})
}

// RefusedID checks the id that the vendor gives with a refused handshake.
func (s Subject) RefusedID(t *testing.T, key upstream.Secret, prefix string) {
	s.WithKey(key).Run(t, emulator.Options{Seed: 1}, func(r *Rig) {
		h := r.Try(r.Request, Sentences()...)
		var e *upstream.Error
		if !errors.As(h.Err, &e) || !strings.HasPrefix(e.RequestID, prefix) || e.RequestID == "" {
			r.Errorf("got %+v, want an id that begins with %q", e, prefix)
		}
	})
}
