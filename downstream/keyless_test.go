package downstream

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// openServer takes everybody, unless it is away.
type openServer struct {
	Server
	away *protocol.Error
}

func (s openServer) MayServe() *protocol.Error { return s.away }

func (openServer) RemoteOf(r *http.Request) netip.Addr {
	return netip.MustParseAddrPort(r.RemoteAddr).Addr()
}

// Who has shown no key yet is bounded, in all and of one address, and a place that is given back is free.
func TestClientsWithoutAKeyAreFewAtOnce(t *testing.T) {
	k := NewKeyless()
	enter := func(from string) (leave func(), refused *protocol.Error) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = from
		return k.Enter(openServer{}, r, "in their body")
	}
	var leave func()
	for range keylessOfOne {
		var refused *protocol.Error
		if leave, refused = enter("[2001:db8::1]:1"); refused != nil {
			t.Fatal(refused)
		}
	}
	if _, refused := enter("[2001:db8::ffff]:2"); refused == nil {
		t.Error("one network has more than its share")
	}
	for n := 0; n < keylessAtOnce-keylessOfOne; n++ {
		if _, refused := enter(netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}).String() + ":1"); refused != nil {
			t.Fatalf("another address after %d: %v", n, refused)
		}
	}
	if _, refused := enter("198.51.100.1:1"); refused == nil || refused.Code != protocol.CodeTooManyConnections {
		t.Errorf("more than there are places: %v", refused)
	}
	leave()
	leave()
	if _, refused := enter("198.51.100.1:1"); refused != nil {
		t.Errorf("a place that was given back is taken: %v", refused)
	}
	if _, refused := enter("198.51.100.2:1"); refused == nil {
		t.Error("a place was given back twice")
	}
	away := &protocol.Error{Code: protocol.CodeDraining}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if _, refused := NewKeyless().Enter(openServer{away: away}, r, ""); refused != away {
		t.Errorf("a relay that is going away: %v", refused)
	}
}
