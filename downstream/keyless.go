package downstream

import (
	"net/http"
	"net/netip"
	"sync"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// Before a key is found nobody's limits hold. So requests and connections that bear their key inside are few at once, of all
// clients and of those of one address: who opens many and sends nothing must not lock the others out.
const (
	keylessAtOnce = 64
	keylessOfOne  = 16
)

// Keyless bounds what has shown no key yet. It is safe for concurrent use.
type Keyless struct {
	mu  sync.Mutex // guards what follows
	all int
	of  map[netip.Prefix]int // by network; those that have any
}

// NewKeyless has let in nobody.
func NewKeyless() *Keyless { return &Keyless{of: make(map[netip.Prefix]int)} }

// Enter takes a place for a request whose key is yet to be read; leave, which may be called more than once, gives it back. where
// is where its clients have the key, as in "in their body".
func (k *Keyless) Enter(on Server, r *http.Request, where string) (leave func(), refused *protocol.Error) {
	if refused := on.MayServe(); refused != nil {
		return nil, refused
	}
	network := NetworkOf(on.RemoteOf(r))
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all >= keylessAtOnce || k.of[network] >= keylessOfOne {
		return nil, &protocol.Error{
			Code: protocol.CodeTooManyConnections, Message: "too many clients whose key is " + where + ": show it in a header",
		}
	}
	k.all++
	k.of[network]++
	return sync.OnceFunc(func() { k.leave(network) }), nil
}

func (k *Keyless) leave(network netip.Prefix) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all--
	if k.of[network]--; k.of[network] == 0 {
		delete(k.of, network)
	}
}

// NetworkOf is whom an address stands for: of IPv6 a client has a /64 at least, and any address in it.
func NetworkOf(remote netip.Addr) netip.Prefix {
	bits := remote.BitLen()
	if remote.Is6() {
		bits = 64
	}
	network, _ := remote.Prefix(bits) // fails for bits out of range only; of no address it is no prefix
	return network
}
