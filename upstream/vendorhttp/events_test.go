package vendorhttp

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"voicerelay/upstream"
)

func TestEvents(t *testing.T) {
	for name, c := range map[string]struct {
		body  string
		want  []string
		whole bool
		kind  upstream.Kind
	}{
		"one":                   {body: "data: a\n\ndata: last\n\ndata: never\n\n", want: []string{"a", "last"}, whole: true},
		"with carriage returns": {body: "data: a\r\n\r\ndata: last\r\n\r\n", want: []string{"a", "last"}, whole: true},
		"without a space":       {body: "data:a\n\ndata:  last\n\n", want: []string{"a", " last"}},
		"of two lines":          {body: "data: a\ndata: b\n\ndata: last\n\n", want: []string{"a\nb", "last"}, whole: true},
		"named, with comments":  {body: ": ping\n\nevent: x\nid: 1\nretry: 5\ndata: a\n\n:\n\ndata: last\n\n", want: []string{"a", "last"}, whole: true},
		"without data":          {body: "event: x\n\ndata:\n\ndata: last\n\n", want: []string{"last"}, whole: true},
		"without an empty line": {body: "data: a\n\ndata: last", want: []string{"a", "last"}, whole: true},
		"cut":                   {body: "data: a\n\n", want: []string{"a"}},
		"none":                  {},
		"a page":                {body: "<html>\n", kind: upstream.Garbled},
		"a frame":               {body: "{\"a\":1}\n", kind: upstream.Garbled},
		"too long a line":       {body: "data: " + strings.Repeat("x", maxEvent), kind: upstream.Garbled},
		"too many lines":        {body: strings.Repeat("data: "+strings.Repeat("x", 1<<20)+"\n", 5), kind: upstream.Garbled},
	} {
		t.Run(name, func(t *testing.T) {
			for reader, body := range map[string]io.Reader{
				"at once": strings.NewReader(c.body), "by halves": iotest.HalfReader(strings.NewReader(c.body)),
			} {
				var got []string
				whole, fault := NewAnswer(nil, body, nil).Events(func(data []byte) (bool, *upstream.Error) {
					got = append(got, string(data))
					return string(data) == "last", nil
				})
				if whole != c.whole || upstreamKind(fault) != c.kind || !slices.Equal(got, c.want) {
					t.Errorf("%s: got %q, %t, %v; want %q, %t, %q", reader, got, whole, fault, c.want, c.whole, c.kind)
				}
			}
		})
	}
}

// A connection that breaks within the events is no end of them; an event's own fault is told.
func TestEventsTellWhatFailed(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("data: a\n\nda"), iotest.ErrReader(io.ErrUnexpectedEOF))
	ignore := func([]byte) (bool, *upstream.Error) { return false, nil }
	if whole, fault := NewAnswer(nil, broken, nil).Events(ignore); whole || upstreamKind(fault) != upstream.Dropped {
		t.Errorf("got %t, %v, want dropped", whole, fault)
	}
	own := upstream.GarbledError("odd")
	_, fault := NewAnswer(nil, strings.NewReader("data: a\n\n"), nil).Events(func([]byte) (bool, *upstream.Error) { return false, own })
	if !errors.Is(fault, own) {
		t.Errorf("got %v, want the event's", fault)
	}
}

func FuzzEvents(f *testing.F) {
	f.Add("data: a\ndata: b\n\n")
	f.Add(": x\r\n\r\nevent: y\n")
	f.Fuzz(func(t *testing.T, body string) {
		taken := 0
		_, fault := NewAnswer(nil, strings.NewReader(body), nil).Events(func(data []byte) (bool, *upstream.Error) {
			taken += len(data)
			return false, nil
		})
		if taken > len(body) || fault != nil && fault.Kind != upstream.Garbled {
			t.Errorf("%d bytes of data and %v came of %d", taken, fault, len(body))
		}
	})
}
