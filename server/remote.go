package server

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// remoteOf is the address that a request comes from: that of its connection or, where a trusted proxy stands there, the
// one that the proxy tells. Each proxy adds whom it was asked by at the end of X-Forwarded-For, so the list is believed from
// its end on, as far as trusted proxies go; what stands before may be made up by the client. It is invalid only where the
// connection has no address.
func (set *setup) remoteOf(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	remote := peer.Addr().Unmap().WithZone("")
	if !set.trusts(remote) {
		return remote
	}
	told := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, text := range slices.Backward(told) {
		before, err := netip.ParseAddr(strings.TrimSpace(text))
		if err != nil {
			return remote // the proxy that wrote it is the last one known
		}
		if remote = before.Unmap().WithZone(""); !set.trusts(remote) {
			return remote
		}
	}
	return remote
}

// trusts reports whether an address is a proxy's whose word is believed.
func (set *setup) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(set.proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}
