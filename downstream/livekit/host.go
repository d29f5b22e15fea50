package livekit

import "voicerelay/downstream"

// name is the dialect's, in the configuration and in records.
const name = "livekit"

// host is the server that the dialect is mounted on.
type host struct{ downstream.Server }
