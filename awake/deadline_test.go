package awake

import (
	"testing"
	"time"
)

func TestDeadlines(t *testing.T) {
	first, second, never := time.Unix(1, 0), time.Unix(2, 0), time.Time{}
	for _, test := range []struct{ a, b, earlier, later time.Time }{
		{first, second, first, second},
		{second, first, first, second},
		{never, second, second, second},
		{first, never, first, first},
		{never, never, never, never},
	} {
		if got := Earlier(test.a, test.b); !got.Equal(test.earlier) {
			t.Errorf("Earlier(%v, %v): got %v, want %v", test.a, test.b, got, test.earlier)
		}
		if got := Later(test.a, test.b); !got.Equal(test.later) {
			t.Errorf("Later(%v, %v): got %v, want %v", test.a, test.b, got, test.later)
		}
	}
}
