package upstream

import (
	"errors"
	"fmt"
	"testing"
)

// What net/http says where the other side was faster than the request.
func TestClassesOfWhatComesBeforeTheRequest(t *testing.T) {
	var none error
	for want, err := range map[Class]error{
		ClassClosed:    fmt.Errorf("dial: %w", errors.New("http: server closed idle connection")),
		ClassHandshake: errors.New("readLoopPeekFailLocked: " + fmt.Sprint(none)),
	} {
		if got := classOf(err); got != want {
			t.Errorf("%v: class %s, want %s", err, got, want)
		}
	}
}
