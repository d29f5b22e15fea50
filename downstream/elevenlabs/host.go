package elevenlabs

import (
	"voicerelay/downstream"
	"voicerelay/downstream/session"
)

// name is what records and the configuration call the dialect.
const name = "elevenlabs"

// host is the server that the dialect is mounted on.
type host struct {
	downstream.Host
	innerKey *session.InnerKey
}
