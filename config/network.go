package config

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

func checkNetwork(file *fileConfig, r *remarks) {
	checkAddress(file.Listen, "listen", r)
	if file.AdminListen != "" {
		checkAdmin(file, r)
	}
	for i, host := range file.Hosts {
		if !isHost(host) {
			r.fault(fmt.Sprintf("hosts[%d]", i), "must be a host name or address, without a port")
		}
	}
	for i, origin := range file.Origins {
		if !isOrigin(origin) {
			r.fault(fmt.Sprintf("origins[%d]", i), "must be a scheme and a host, such as https://example.com")
		}
	}
	checkTLS(file.TLS, r)
}

// settleProxies are the networks of trusted proxies, of what is right in the file.
func settleProxies(file *fileConfig, r *remarks) []netip.Prefix {
	var proxies []netip.Prefix
	for i, text := range file.TrustedProxies {
		path := fmt.Sprintf("trusted_proxies[%d]", i)
		proxy, err := netip.ParsePrefix(text)
		switch {
		case err != nil || proxy != proxy.Masked() || proxy.Addr().Is4In6():
			r.fault(path, "must be a network, such as 10.0.0.0/8, or an address, such as 10.1.2.3/32")
		case proxy.Bits() == 0:
			r.fault(path, "is every address, so that clients could choose what the log says of them")
		default:
			proxies = append(proxies, proxy)
		}
	}
	if len(proxies) > 0 && len(file.Keys) == 0 {
		r.warn("trusted_proxies", "says nothing here: without keys whatever comes through a proxy is refused")
	}
	return proxies
}

// checkTLS reports files that make no certificate, without what is in them.
func checkTLS(files TLSConfig, r *remarks) {
	switch {
	case files == TLSConfig{}:
	case files.Cert == "":
		r.fault("tls.cert", "is missing beside tls.key")
	case files.Key == "":
		r.fault("tls.key", "is missing beside tls.cert")
	default:
		if _, err := tls.LoadX509KeyPair(files.Cert, files.Key); err != nil {
			r.fault("tls", err.Error())
		}
	}
}

func checkAddress(address, path string, r *remarks) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		r.fault(path, "must be host:port, such as 127.0.0.1:8080")
		return
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		r.fault(path, "the port must be 0 to 65535")
	}
}

// checkAdmin checks the address of what asks for no key.
func checkAdmin(file *fileConfig, r *remarks) {
	checkAddress(file.AdminListen, "admin_listen", r)
	switch {
	case r.faulty("listen") || r.faulty("admin_listen"):
	case collide(file.Listen, file.AdminListen):
		r.fault("admin_listen", "is the same address as listen")
	case !IsLoopback(file.AdminListen):
		r.warn("admin_listen", "is no loopback address: whoever reaches it sees metrics, records, the configuration and the console, without a key")
	}
}

// collide reports whether two valid addresses can't be listened on at the same time.
func collide(a, b string) bool {
	hostA, portA, _ := net.SplitHostPort(a)
	hostB, portB, _ := net.SplitHostPort(b)
	if portA != portB || portA == "0" {
		return false // port 0 is any free one
	}
	return hostA == hostB || isUnspecified(hostA) || isUnspecified(hostB)
}

// isUnspecified reports whether a host stands for all of the machine's addresses.
func isUnspecified(host string) bool { return host == "" || net.ParseIP(host).IsUnspecified() }

// isHost reports whether s is what a Host header may say before its port.
func isHost(s string) bool {
	u, err := url.Parse("http://" + s)
	return err == nil && s != "" && u.Host == s && (u.Port() == "" && !strings.HasSuffix(s, ":"))
}

// isOrigin reports whether s is what a browser sends as Origin.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return false
	}
	return s == u.Scheme+"://"+u.Host
}
