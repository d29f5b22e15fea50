package main

import (
	"voicerelay/downstream"
	"voicerelay/downstream/native"
)

// dialects are the protocols that clients may speak.
func dialects() []downstream.Dialect {
	return []downstream.Dialect{native.Dialect{}}
}
