package trialca

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Hosts are the names by which clients reach a relay.
type Hosts struct {
	Names     []string // of DNS, in lower case
	Addresses []netip.Addr
}

// String lists them.
func (h Hosts) String() string {
	all := append([]string(nil), h.Names...)
	for _, a := range h.Addresses {
		all = append(all, a.String())
	}
	return strings.Join(all, ", ")
}

// maxHostLength is DNS's own, in bytes.
const maxHostLength = 253

// ParseHosts reads host names and addresses, separated by commas.
func ParseHosts(list string) (hosts Hosts, err error) {
	for name := range strings.SplitSeq(list, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		address, notAddress := netip.ParseAddr(name)
		switch {
		case name == "":
			return Hosts{}, errors.New("name the relay's hosts, such as localhost,127.0.0.1")
		case notAddress == nil && address.Zone() == "":
			hosts.Addresses = append(hosts.Addresses, address.Unmap())
		case isHostName(name):
			hosts.Names = append(hosts.Names, name)
		default:
			return Hosts{}, fmt.Errorf("%q is neither a host name nor an IP address", name)
		}
	}
	return hosts, nil
}

// isHostName reports whether a text is a host's name as DNS allows one; in other scripts, in its form with xn--. A name whose last
// part has digits alone would be taken for an address.
func isHostName(name string) bool {
	labels := strings.Split(name, ".")
	return len(name) <= maxHostLength && strings.Trim(labels[len(labels)-1], "0123456789") != "" &&
		!slices.ContainsFunc(labels, func(label string) bool {
			return label == "" || len(label) > 63 || strings.Trim(label, "-") != label || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != ""
		})
}
