package main

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settings are what the flags say.
type settings struct {
	generations levels        // that speak at once
	duration    time.Duration // measured in each round of each path
	rounds      int
	idle        int // connections that nothing happens on
	pin         bool
	paths       string // that are measured, separated by commas
	parts       string // the same
	json        string // file for the result; empty: none, as with those below
	svg         string
	compare     string
}

// levels is a list of numbers, as a flag.
type levels []int

// String implements flag.Value.
func (l *levels) String() string {
	var numbers []string
	for _, n := range *l {
		numbers = append(numbers, strconv.Itoa(n))
	}
	return strings.Join(numbers, ",")
}

// Set implements flag.Value.
func (l *levels) Set(s string) error {
	*l = nil
	for field := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(field)
		if err != nil {
			return errors.New("must be numbers, separated by commas")
		}
		*l = append(*l, n)
	}
	return nil
}

// mostGenerations is what loopback has ports and this process has descriptors for.
const mostGenerations = 5000

// measures reports whether a path is to be measured.
func (s *settings) measures(path string) bool {
	return slices.Contains(strings.Split(s.paths, ","), path)
}

// pathNames are the paths to be measured, in the order of the tables.
func (s *settings) pathNames() []string {
	return slices.DeleteFunc(slices.Clone(allPaths), func(name string) bool { return !s.measures(name) })
}

// asks reports whether a part is to be measured.
func (s *settings) asks(part string) bool {
	return slices.Contains(strings.Split(s.parts, ","), part)
}
