package main

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"voicerelay/limits"
)

const securityPage = "../../docs/security.md"

// A number of the page is followed by what it is in the code: a constant of a package, or an expression of several, as in
// "1 MiB<!-- relay/delivery: maxOwnBytes -->", or what a limit is by default, as in "60 s<!-- limits: write_timeout -->".
var markedNumber = regexp.MustCompile(`(\d+(?:\.\d+)?)( (?:bytes|KiB|MiB|GiB|ms|s|min|h|days))?<!-- ([a-z/]+): ([^>]+?) -->`)

// A constant that is changed changes the page, or this test fails.
func TestSecurityPageSaysWhatTheCodeDoes(t *testing.T) {
	page, err := os.ReadFile(securityPage)
	if err != nil {
		t.Fatal(err)
	}
	code := newConstants()
	count := 0
	want := markedNumber.ReplaceAllStringFunc(string(page), func(marked string) string {
		count++
		part := markedNumber.FindStringSubmatch(marked)
		value, err := code.value(part[3], part[4])
		if err != nil {
			t.Errorf("%s: %v", marked, err)
			return marked
		}
		number := inUnits(value, strings.TrimSpace(part[2]))
		return fmt.Sprintf("%s<!-- %s: %s -->", number, part[3], part[4])
	})
	if marks := strings.Count(string(page), "<!-- "); count != marks {
		t.Errorf("%d of %d marks follow a number", count, marks)
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(securityPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(page) {
		t.Error("docs/security.md is not what the code says; run: go test ./cmd/relay -run TestSecurityPage -update")
	}
}

// inUnits writes a number as the page has it: bytes in the largest unit that leaves no fraction, times likewise.
func inUnits(value constant.Value, unit string) string {
	n, _ := constant.Int64Val(constant.ToInt(value))
	switch unit {
	case "":
		return value.ExactString()
	case "bytes", "KiB", "MiB", "GiB":
		return inLargest(n, []step{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}, {1, "bytes"}})
	default:
		return inLargest(n, []step{
			{int64(24 * time.Hour), "days"},
			{int64(time.Hour), "h"},
			{int64(2 * time.Minute), "min"},
			{int64(time.Second), "s"},
			{int64(time.Millisecond), "ms"},
		})
	}
}

// step is a unit.
type step struct {
	size int64
	name string
}

func inLargest(n int64, units []step) string {
	for _, u := range units {
		size := u.size
		if u.name == "min" {
			size = int64(time.Minute)
		}
		if n%size == 0 && n >= u.size {
			return fmt.Sprintf("%d %s", n/size, u.name)
		}
	}
	return strconv.FormatInt(n, 10)
}

// constants finds what packages name.
type constants struct {
	files    *token.FileSet
	packages map[string]*types.Package
	limits   map[string]constant.Value // by default, by their names in the configuration
}

func newConstants() *constants {
	c := &constants{token.NewFileSet(), make(map[string]*types.Package), make(map[string]constant.Value)}
	defaults := reflect.ValueOf(limits.Default())
	for i := range defaults.NumField() {
		c.limits[defaults.Type().Field(i).Tag.Get("yaml")] = constant.MakeInt64(defaults.Field(i).Int())
	}
	return c
}

// value is what an expression of a package's constants is, or a limit's default.
func (c *constants) value(folder, expression string) (constant.Value, error) {
	if v, ok := c.limits[expression]; ok && folder == "limits" {
		return v, nil
	}
	pkg, err := c.load(folder)
	if err != nil {
		return nil, err
	}
	tv, err := types.Eval(c.files, pkg, token.NoPos, expression)
	if err != nil {
		return nil, err
	}
	if tv.Value == nil {
		return nil, errors.New("it is no constant")
	}
	return tv.Value, nil
}

// load reads a package's constants. Those that depend on another package's, but for time's, are not known.
func (c *constants) load(folder string) (*types.Package, error) {
	if pkg := c.packages[folder]; pkg != nil {
		return pkg, nil
	}
	paths, err := filepath.Glob(filepath.Join("../..", folder, "*.go"))
	if err != nil || len(paths) == 0 {
		return nil, cmp.Or(err, fmt.Errorf("no package in %s", folder))
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(c.files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	config := types.Config{
		Importer: timeOnly{}, IgnoreFuncBodies: true,
		Error: func(error) {}, // of what is not imported
	}
	pkg, _ := config.Check(folder, c.files, files, nil) // its constants are there all the same
	c.packages[folder] = pkg
	return pkg, nil
}

// timeOnly imports nothing but time, of which it has what constants are made of.
type timeOnly struct{}

func (timeOnly) Import(path string) (*types.Package, error) {
	if path != "time" {
		return nil, errors.New("not imported")
	}
	pkg := types.NewPackage("time", "time")
	name := types.NewTypeName(token.NoPos, pkg, "Duration", nil)
	duration := types.NewNamed(name, types.Typ[types.Int64], nil)
	pkg.Scope().Insert(name)
	for unit, d := range map[string]time.Duration{
		"Nanosecond": time.Nanosecond, "Microsecond": time.Microsecond, "Millisecond": time.Millisecond,
		"Second": time.Second, "Minute": time.Minute, "Hour": time.Hour,
	} {
		pkg.Scope().Insert(types.NewConst(token.NoPos, pkg, unit, duration, constant.MakeInt64(int64(d))))
	}
	pkg.MarkComplete()
	return pkg, nil
}
