package native

import "voicerelay/downstream"

// host is the server that the dialect is mounted on.
type host struct {
	downstream.Server
	with downstream.Services
}
