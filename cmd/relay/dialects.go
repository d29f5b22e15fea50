package main

import (
	"voicerelay/downstream"
	"voicerelay/downstream/native"
	"voicerelay/downstream/openai"
)

// dialects are the protocols that clients may speak.
func dialects() []downstream.Dialect {
	return []downstream.Dialect{native.Dialect{}, openai.Dialect{}}
}
