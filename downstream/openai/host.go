package openai

import "voicerelay/downstream"

// name is what records and the configuration call the dialect.
const name = "openai"

// host is the server that the dialect is mounted on.
type host struct{ downstream.Host }
