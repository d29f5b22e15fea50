package main

import (
	"os"
	"testing"

	"voicerelay/program"
)

func TestMain(m *testing.M) {
	if code, done := program.Inside(os.Args[1:]); done {
		os.Exit(code)
	}
	m.Run()
}
