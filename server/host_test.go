package server

import "testing"

// All answers that wait for their end have a bound together.
func TestWholeAnswersAreBoundedTogether(t *testing.T) {
	srv := &Server{memory: newMemory()}
	if !srv.KeepWhole(maxAllWhole-999) || srv.KeepWhole(1000) {
		t.Error("the bound does not hold")
	}
	if srv.KeepWhole(-1000); !srv.KeepWhole(999) {
		t.Error("what is given back stays counted")
	}
}
