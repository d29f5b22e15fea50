package main

import (
	"strings"

	"voicerelay/upstream"
)

// drivers is the one list of providers' drivers: what `adapter:` may name.
func drivers() []upstream.Driver {
	return []upstream.Driver{}
}

// driverOf is the driver of an adapter's name.
func driverOf(adapter string) (upstream.Driver, bool) {
	for _, d := range drivers() {
		if d.Name() == adapter {
			return d, true
		}
	}
	return upstream.Driver{}, false
}

// driverNames lists what there is, for faults.
func driverNames() string {
	var names []string
	for _, d := range drivers() {
		names = append(names, d.Name())
	}
	return strings.Join(names, ", ")
}
