package engine

import (
	"fmt"
	"slices"
	"strings"
)

// mostSeeds is how many seeds Drawn tries. Six quirks of two settings each are drawn by one seed of 64.
const mostSeeds = 100_000

// Drawn is the options with the first seed, from their own on, that has drawn what is wanted, as name:value.
// A name is a field of the vendor's quirks, a value as Go prints it with %+v, without spaces: "serial:true".
func Drawn(v Vendor, o Options, wanted ...string) (Options, error) {
	for range mostSeeds {
		drawn := strings.FieldsFunc(New(v, o).Quirks(), func(r rune) bool { return strings.ContainsRune("{} ", r) })
		if !slices.ContainsFunc(wanted, func(w string) bool { return !slices.Contains(drawn, w) }) {
			return o, nil
		}
		o.Seed++
	}
	return o, fmt.Errorf("no seed of %s draws %v", v.Name, wanted)
}
