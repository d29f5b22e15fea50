package fish

import (
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }
