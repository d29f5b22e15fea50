// Command filecycles reports files of a package that need each other: go run ./tests/filecycles [-v] ./...
//
// A file needs another one if it uses a name that is declared there: a type, a function, a method, a field, a constant. Files
// that need each other, directly or by way of others, form a cycle: none of them can be read, tested or moved by itself. Each
// line of the report is a package with its cycles, largest first. -v adds who needs whom in a cycle, with the names; those
// with few names are the first to look at, since moving these declarations may end the cycle.
//
// -most FILE checks instead: no package may have more uphill needs than its line of the file says, "path number"; without a line,
// none. One that has fewer is a fault too, so that the numbers only fall.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

func main() {
	verbose := flag.Bool("v", false, "list the uphill needs")
	most := flag.String("most", "", "check against the numbers of a `file`, and print nothing else")
	flag.Parse()
	allowed, err := readMost(*most)
	packages, exports, listErr := list(flag.Args())
	err = errors.Join(err, listErr)
	for _, p := range packages {
		if *most != "" {
			err = errors.Join(err, p.check(exports, allowed[p.path]))
		} else {
			err = errors.Join(err, p.report(exports, *verbose))
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// listed is a package with its files.
type listed struct {
	path, dir string
	files     []string
}

// list is the packages of the patterns, and where the compiled form of each is that they import.
func list(patterns []string) (packages []listed, exports map[string]string, err error) {
	const format = `{{.ImportPath}}|{{.Export}}|{{.DepOnly}}|{{.Dir}}|{{join .GoFiles " "}}`
	command := exec.Command("go", append([]string{"list", "-export", "-deps", "-f", format}, patterns...)...)
	command.Stderr = os.Stderr
	out, err := command.Output()
	exports = make(map[string]string)
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		exports[fields[0]] = fields[1]
		if fields[2] == "false" {
			packages = append(packages, listed{fields[0], fields[3], strings.Fields(fields[4])})
		}
	}
	return packages, exports, err
}

// readMost is how many uphill needs each package may have; without a file, none.
func readMost(file string) (map[string]int, error) {
	most := make(map[string]int)
	if file == "" {
		return most, nil
	}
	data, err := os.ReadFile(file)
	for line := range strings.Lines(string(data)) {
		path, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, bad := strconv.Atoi(number)
		most[path], err = n, errors.Join(err, bad)
	}
	return most, err
}

// check fails if a package has another number of uphill needs than it may.
func (p listed) check(exports map[string]string, most int) error {
	n, err := needsOf(p, exports)
	if err != nil {
		return fmt.Errorf("%s: %w", p.path, err)
	}
	uphill := 0
	for _, cycle := range n.cycles() {
		uphill += len(n.uphill(cycle))
	}
	switch {
	case uphill > most:
		return fmt.Errorf("%s has %d uphill needs between its files, and may have %d: make cycles says which", p.path, uphill, most)
	case uphill < most:
		return fmt.Errorf("%s has %d uphill needs between its files: so few are all that it may have from now on", p.path, uphill)
	}
	return nil
}

func (p listed) report(exports map[string]string, verbose bool) error {
	n, err := needsOf(p, exports)
	if err != nil {
		return fmt.Errorf("%s: %w", p.path, err)
	}
	var sizes, uphill []string
	for _, cycle := range n.cycles() {
		sizes = append(sizes, strconv.Itoa(len(cycle)))
		uphill = append(uphill, n.uphill(cycle)...)
	}
	if len(sizes) > 0 {
		fmt.Printf("%s: of %d files, in cycles %s; uphill: %d\n", p.path, len(p.files), strings.Join(sizes, " "), len(uphill))
	}
	if verbose {
		fmt.Print(strings.Join(uphill, ""))
	}
	return nil
}

// needs says for each file which others it needs, and for which names.
type needs map[string]map[string][]string

func needsOf(p listed, exports map[string]string) (needs, error) {
	set := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.files {
		file, err := parser.ParseFile(set, filepath.Join(p.dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	lookup := func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
	config := types.Config{Importer: importer.ForCompiler(set, "gc", lookup)}
	info := types.Info{Uses: make(map[*ast.Ident]types.Object)}
	checked, err := config.Check(p.path, set, files, &info)
	if err != nil {
		return nil, err
	}
	found := make(needs)
	for identifier, object := range info.Uses {
		if object.Pkg() != checked || !object.Pos().IsValid() {
			continue
		}
		from, to := filepath.Base(set.Position(identifier.Pos()).Filename), filepath.Base(set.Position(object.Pos()).Filename)
		if from == to {
			continue
		}
		if found[from] == nil {
			found[from] = make(map[string][]string)
		}
		if !slices.Contains(found[from][to], object.Name()) {
			found[from][to] = append(found[from][to], object.Name())
		}
	}
	return found, nil
}

// cycles are the sets of files of which each needs each other.
func (n needs) cycles() (all [][]string) {
	reached := make(map[string]map[string]bool)
	for from := range n {
		reached[from] = make(map[string]bool)
		for next := slices.Collect(maps.Keys(n[from])); len(next) > 0; next = next[1:] {
			if to := next[0]; !reached[from][to] {
				reached[from][to] = true
				next = slices.AppendSeq(next, maps.Keys(n[to]))
			}
		}
	}
	seen := make(map[string]bool)
	for _, from := range slices.Sorted(maps.Keys(n)) {
		if seen[from] || !reached[from][from] {
			continue
		}
		var cycle []string
		for _, to := range slices.Sorted(maps.Keys(reached[from])) {
			if reached[to][from] {
				cycle, seen[to] = append(cycle, to), true
			}
		}
		all = append(all, cycle)
	}
	return all
}

// uphill lists what runs against an order of the cycle's files in which few do: again and again the file goes first that
// most needs what is left, and is least needed by it.
func (n needs) uphill(cycle []string) (against []string) {
	for left := slices.Clone(cycle); len(left) > 0; {
		first := slices.MaxFunc(left, func(a, b string) int { return cmp.Compare(n.balance(a, left), n.balance(b, left)) })
		left = slices.DeleteFunc(left, func(file string) bool { return file == first })
		for _, from := range left {
			if names := n[from][first]; len(names) > 0 {
				slices.Sort(names)
				against = append(against, fmt.Sprintf("\t%s needs %s: %s\n", from, first, strings.Join(names, " ")))
			}
		}
	}
	return against
}

// balance is by how many names a file needs others more than they need it.
func (n needs) balance(file string, others []string) (balance int) {
	for _, other := range others {
		balance += len(n[file][other]) - len(n[other][file])
	}
	return balance
}
