package jambonz

import "voicerelay/downstream"

// name is what configuration, records and logs call the dialect.
const name = "jambonz"

// host is the server that the dialect is mounted on.
type host struct{ downstream.Server }
