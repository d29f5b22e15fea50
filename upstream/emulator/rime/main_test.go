package rime

import (
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }
