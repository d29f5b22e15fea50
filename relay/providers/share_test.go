package providers

import (
	"testing"

	"voicerelay/relay/relaytest"
)

func TestTheShareOfATenant(t *testing.T) {
	for _, test := range []struct {
		most, own int
		several   bool
		want      int
	}{
		{10, 0, false, 0}, {10, 0, true, 8}, {4, 0, true, 3}, {3, 0, true, 3}, {1, 0, true, 1}, {0, 0, true, 0}, {10, 2, false, 2}, {10, 10, true, 10},
	} {
		p := &Provider{Provider: relaytest.NewFake(), MaxConcurrent: test.most, MaxPerTenant: test.own}
		if got := p.share(test.several); got != test.want {
			t.Errorf("%+v: got %d", test, got)
		}
	}
}
