//go:build !linux

package main

// keepPrivate has nothing to ask for: other systems show no process's environment to programs in this way, or can't be kept from it.
func keepPrivate() error { return nil }
