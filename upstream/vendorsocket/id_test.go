package vendorsocket

import "testing"

func TestIDs(t *testing.T) {
	for _, stream := range []string{"gen-1", "a.b", "7", ""} {
		got, n, ok := SplitID([]byte(JoinID(stream, 12)))
		if string(got) != stream || n != 12 || !ok {
			t.Errorf("%q came back as %q, %d, %t", stream, got, n, ok)
		}
	}
	for _, id := range []string{"", "default", "a.", "a.b", "a.99999999999999999999"} {
		if _, _, ok := SplitID([]byte(id)); ok {
			t.Errorf("%q was taken apart", id)
		}
	}
}
