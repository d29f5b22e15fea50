package deepgram

import "voicerelay/downstream"

// name is what configuration, records and logs call the dialect, and the adapter of its vendor.
const name = "deepgram"

// host is the server that the dialect is mounted on.
type host struct{ downstream.Host }
