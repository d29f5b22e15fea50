package enginetest

import (
	"cmp"
	"fmt"
	"reflect"
	"testing"
)

// AllDrawn looks at each setting of each quirk, of which there are two unless settings says otherwise, so that a new one
// can't be forgotten.
// 64 seeds are plenty for settings of which there are a few, and always the same ones.
func AllDrawn(t *testing.T, draw func(seed uint64) any, settings map[string]int) {
	t.Helper()
	seen := make(map[string]map[string]bool)
	for seed := range uint64(64) {
		drawn := reflect.ValueOf(draw(seed))
		for i := range drawn.NumField() {
			name := drawn.Type().Field(i).Name
			if seen[name] == nil {
				seen[name] = make(map[string]bool)
			}
			seen[name][fmt.Sprint(drawn.Field(i))] = true
		}
	}
	for name, values := range seen {
		if want := cmp.Or(settings[name], 2); len(values) != want {
			t.Errorf("%s: 64 seeds drew %v, want %d settings", name, values, want)
		}
	}
}
