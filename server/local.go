package server

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// checkLocal keeps a keyless relay to programs on its own machine: no proxy in between, no page that had its name resolved
// to loopback.
func (set *setup) checkLocal(r *http.Request) *protocol.Error {
	if viaProxy(r) {
		return notFromHere("forwarded requests need a relay with keys")
	}
	if fromAnotherSite(r) {
		return notFromHere("without keys no page of another site may ask")
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return notFromHere("without keys only this machine may connect")
	}
	if !set.localHost(r.Host) {
		return notFromHere("without keys the Host must be localhost, a loopback address or configured")
	}
	return nil
}

// proxyHeaders are what proxies add to requests, besides X-Forwarded-*.
var proxyHeaders = []string{
	"Forwarded", "Via", "X-Real-Ip", "X-Forwarded", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Original-Forwarded-For",
	"True-Client-Ip", "Cf-Connecting-Ip", "Fastly-Client-Ip", "X-Envoy-External-Address",
}

// viaProxy reports whether a request shows that a proxy passed it on. Not every proxy shows it, so that this is a help for
// who has set one up by mistake, and no protection.
func viaProxy(r *http.Request) bool {
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Forwarded-") || slices.Contains(proxyHeaders, name) {
			return true
		}
	}
	// This is how nginx asks where it is told no more than proxy_pass. A client of HTTP/1.0 has no reason to say it: its
	// connections close after each answer.
	return !r.ProtoAtLeast(1, 1) && strings.EqualFold(r.Header.Get("Connection"), "close")
}

func (set *setup) localHost(host string) bool {
	name := hostName(host)
	if strings.EqualFold(name, "localhost") {
		return true
	}
	if addr, err := netip.ParseAddr(name); err == nil && addr.Unmap().IsLoopback() {
		return true
	}
	return set.listedHost(host)
}

// hostName is a Host without its port.
func hostName(host string) string {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	return strings.Trim(name, "[]")
}

// listedHost reports whether a Host is configured.
func (set *setup) listedHost(host string) bool {
	name := hostName(host)
	return slices.ContainsFunc(set.hosts, func(h string) bool {
		return strings.EqualFold(h, name) || strings.EqualFold(h, host)
	})
}

// checkAdminHost refuses what only a browser page would ask of the address that wants no key: requests of other origins,
// and of a page that had its own name resolved to this machine. Such a name has a dot, and is no address; a name without
// one is of the operator's own network, where Prometheus may know the relay by it.
func (set *setup) checkAdminHost(r *http.Request) *protocol.Error {
	if err := set.checkOrigin(r); err != nil {
		return err
	}
	if fromAnotherSite(r) {
		return notFromHere("no page of another site may ask here")
	}
	name := hostName(r.Host)
	if _, err := netip.ParseAddr(name); err == nil || !strings.Contains(strings.TrimSuffix(name, "."), ".") || set.listedHost(r.Host) {
		return nil
	}
	return notFromHere("the Host must be an address, a name without dots or configured under hosts")
}
