package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// position is where something stands in a file, from 1; the zero value is nowhere in particular.
type position struct{ line, column int }

// positionOf is where a node begins. A mapping in block style begins with its first key, though the parser's
// token of it is the colon after.
func positionOf(node ast.Node) position {
	if m, ok := node.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return positionOf(m.Values[0].Key)
	}
	token := node.GetToken()
	if token == nil || token.Position == nil {
		return position{}
	}
	return position{line: token.Position.Line, column: token.Position.Column}
}

// Remark is something to say about a place in the configuration.
type Remark struct {
	file string
	at   position
	// Path is the keys that lead there, such as providers.kugelaudio.warm; empty for the file as a whole.
	Path   string
	reason string
}

// String is the remark as the user sees it: config.yaml:12:5: providers.kugelaudio.warm: must be 0 to 100.
func (r Remark) String() string {
	var b strings.Builder
	b.WriteString(r.file)
	if r.at.line > 0 {
		fmt.Fprintf(&b, ":%d:%d", r.at.line, r.at.column)
	}
	if r.Path != "" {
		b.WriteString(": " + r.Path)
	}
	return b.String() + ": " + r.reason
}

// Warning is a remark that does not stop the start.
type Warning = Remark

// Error is everything that is wrong with a configuration.
type Error struct{ Faults []Remark }

// Error has a line for each fault.
func (e *Error) Error() string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// place is a path where it stands.
type place struct {
	at   position
	path string
}

// remarks gathers faults and warnings, and knows where in the file each path stands.
type remarks struct {
	file     string
	places   map[string]position
	told     map[place]bool // of faults
	faults   []Remark
	warnings []Warning
}

func newRemarks(file string) *remarks {
	return &remarks{file: file, places: make(map[string]position), told: make(map[place]bool)}
}

// fault notes that what stands at a path stops the start.
func (r *remarks) fault(path, reason string) { r.faultAt(r.place(path), path, reason) }

// faultAt is fault for what stands elsewhere than its path. Where a path is at fault already nothing is added:
// what else is wrong with it follows from the first.
func (r *remarks) faultAt(at position, path, reason string) {
	told := place{at: at, path: path}
	if path != "" && r.told[told] {
		return
	}
	r.told[told] = true
	r.faults = append(r.faults, Remark{file: r.file, at: at, Path: path, reason: reason})
}

// warn notes that what stands at a path is not what the user may think.
func (r *remarks) warn(path, reason string) {
	r.warnings = append(r.warnings, Warning{file: r.file, at: r.place(path), Path: path, reason: reason})
}

// faulty reports whether anything at a path or below it is at fault.
func (r *remarks) faulty(path string) bool {
	return slices.ContainsFunc(r.faults, func(f Remark) bool {
		rest, ok := strings.CutPrefix(f.Path, path)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// below is a fault func for what a package says of its own part of the file.
func (r *remarks) below(path string) func(field, reason string) {
	return func(field, reason string) { r.fault(join(path, field), reason) }
}

// place is where a path stands, or the nearest one above it that stands anywhere.
func (r *remarks) place(path string) position {
	for path != "" {
		if at, ok := r.places[path]; ok {
			return at
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return position{}
}

// err is all faults in the order of the file, or nil.
func (r *remarks) err() error {
	if len(r.faults) == 0 {
		return nil
	}
	sortRemarks(r.faults)
	return &Error{Faults: r.faults}
}

// errOf is err of those paths alone that keep holds.
func (r *remarks) errOf(keep func(path string) bool) error {
	r.faults = slices.DeleteFunc(r.faults, func(f Remark) bool { return !keep(f.Path) })
	return r.err()
}

func sortRemarks(all []Remark) {
	slices.SortStableFunc(all, func(a, b Remark) int {
		return cmp.Or(cmp.Compare(a.at.line, b.at.line), cmp.Compare(a.at.column, b.at.column))
	})
}

// join is the path of a key below another; either may be empty.
func join(path, key string) string {
	if path == "" || key == "" {
		return path + key
	}
	return path + "." + key
}
