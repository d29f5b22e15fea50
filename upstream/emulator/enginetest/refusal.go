package enginetest

import (
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/coder/websocket"
)

// refused connects to a vendor that refuses: by an HTTP status with its Retry-After, or by a close code after the upgrade.
// A refused client counts as refused and not as a socket, in whichever way it was told.
func (s Speaker) refused(t *testing.T) {
	t.Helper()
	for fault, code := range map[string]int{"refuse:429:3s": 429, "refuse": 503, "refuse:1013": 1013} {
		t.Run("fault "+fault, func(t *testing.T) {
			o := s.drawn(t, fault)
			synctest.Test(t, func(t *testing.T) {
				w := Serve(t, Dialect{Vendor: s.Vendor, Codec: s.Codec, Options: o})
				conn, response, err := w.TryDial(t, s.Address, s.Header)
				got := 0
				switch {
				case err == nil:
					_, _, err = conn.Read(t.Context())
					got = int(websocket.CloseStatus(err))
					_ = conn.CloseNow() // it is over
				case response != nil:
					got = response.StatusCode
				}
				if got != code {
					t.Errorf("got %d (%v), want %d", got, err, code)
				}
				want := ""
				if seconds := int(o.Fault.After.Seconds()); seconds > 0 && !s.NoRetryAfter {
					want = strconv.Itoa(seconds)
				}
				if after := response.Header.Get("Retry-After"); after != want {
					t.Errorf("Retry-After: got %q, want %q", after, want)
				}
				if err := w.Server.Close(); err != nil {
					t.Error(err)
				}
				if st := w.Server.Stats(); st.Refused != 1 || st.Sockets != 0 {
					t.Errorf("got %d refused and %d let in, want one and none", st.Refused, st.Sockets)
				}
			})
		})
	}
}
