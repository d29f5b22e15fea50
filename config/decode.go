package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// decoder fills values from a parsed file. Unlike the YAML library's own it goes on after a fault, so that all
// are reported at once, and knows where each stands. Fields are named by their yaml tag, or else in lower case;
// of a field tagged "inline" the fields count as the struct's own.
//
// A list whose elements have a field tagged "key" stands in the file as a mapping, in the order of the file.
type decoder struct {
	env      Environment
	remarks  *remarks
	defaults map[reflect.Type]reflect.Value // what an element of a list starts out as
}

// section is a part of the file whose type is known only later.
type section struct {
	path string
	Node ast.Node // nil where the file has none
}

// errFaulty says that the faults themselves have been noted.
var errFaulty = errors.New("faulty configuration")

func newDecoder(env Environment, r *remarks, defaults ...any) *decoder {
	d := &decoder{env: env, remarks: r, defaults: make(map[reflect.Type]reflect.Value)}
	for _, value := range defaults {
		d.defaults[reflect.TypeOf(value)] = reflect.ValueOf(value)
	}
	return d
}

// decode fills what into points to. What the section does not mention stays as it is.
func (d *decoder) decode(s section, into any) error {
	if s.Node == nil {
		return nil
	}
	before := len(d.remarks.faults)
	d.value(s.Node, s.path, reflect.ValueOf(into).Elem())
	if len(d.remarks.faults) > before {
		return errFaulty
	}
	return nil
}

func (d *decoder) value(node ast.Node, path string, into reflect.Value) {
	switch node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		d.remarks.fault(path, "anchors, aliases and tags are not supported")
		return
	}
	if into.Type() == reflect.TypeFor[section]() {
		into.Set(reflect.ValueOf(section{path: path, Node: node}))
		return
	}
	_, null := node.(*ast.NullNode)
	switch into.Kind() {
	case reflect.Struct, reflect.Slice, reflect.Map:
		if !null { // a heading whose content is commented out
			d.collection(node, path, into)
		}
	case reflect.Pointer:
		target := reflect.New(into.Type().Elem())
		d.value(node, path, target.Elem())
		into.Set(target)
	default:
		if null {
			d.remarks.fault(path, "has no value")
			return
		}
		if err := d.env.scalar(node, into); err != nil {
			d.remarks.fault(path, err.Error())
		}
	}
}

func (d *decoder) collection(node ast.Node, path string, into reflect.Value) {
	switch into.Kind() {
	case reflect.Struct:
		d.object(node, path, into)
	case reflect.Map:
		d.table(node, path, into)
	default:
		if field, ok := keyField(into.Type().Elem()); ok {
			d.named(node, path, into, field)
		} else {
			d.list(node, path, into)
		}
	}
}

func (d *decoder) object(node ast.Node, path string, into reflect.Value) {
	fields, names := make(map[string]reflect.Value), []string(nil)
	eachField(into, func(name string, field reflect.Value) {
		fields[name] = field
		names = append(names, name)
	})
	d.entries(node, path, func(key, path string, value ast.Node) {
		field, ok := fields[key]
		if !ok {
			d.remarks.fault(path, "unknown key; there are: "+strings.Join(names, ", "))
			return
		}
		d.value(value, path, field)
	})
}

func (d *decoder) table(node ast.Node, path string, into reflect.Value) {
	table := reflect.MakeMap(into.Type())
	d.entries(node, path, func(key, path string, value ast.Node) {
		item := reflect.New(into.Type().Elem()).Elem()
		d.value(value, path, item)
		table.SetMapIndex(reflect.ValueOf(key), item)
	})
	into.Set(table)
}

// named fills a list of things that stand in the file as a mapping from their names.
func (d *decoder) named(node ast.Node, path string, into reflect.Value, keyField int) {
	list := reflect.MakeSlice(into.Type(), 0, 0)
	d.entries(node, path, func(key, path string, value ast.Node) {
		if !isName(key) {
			d.remarks.fault(path, "a name has 1 to 64 letters, digits, dots, dashes and underscores")
			return
		}
		item := d.fresh(into.Type().Elem())
		item.Field(keyField).SetString(key)
		d.value(value, path, item)
		list = reflect.Append(list, item)
	})
	into.Set(list)
}

func (d *decoder) list(node ast.Node, path string, into reflect.Value) {
	sequence, ok := node.(*ast.SequenceNode)
	if !ok {
		d.remarks.fault(path, "must be a list")
		return
	}
	list := reflect.MakeSlice(into.Type(), 0, len(sequence.Values))
	for i, value := range sequence.Values {
		path := fmt.Sprintf("%s[%d]", path, i)
		d.remarks.places[path] = positionOf(value)
		item := d.fresh(into.Type().Elem())
		d.value(value, path, item)
		list = reflect.Append(list, item)
	}
	into.Set(list)
}

// entries calls fn for each entry of a mapping, and notes where it stands.
func (d *decoder) entries(node ast.Node, path string, fn func(key, path string, value ast.Node)) {
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		d.remarks.fault(path, "must be a mapping")
		return
	}
	seen := make(map[string]bool, len(mapping.Values))
	for _, entry := range mapping.Values {
		key, ok := entry.Key.(*ast.StringNode)
		if !ok {
			d.remarks.faultAt(positionOf(entry.Key), path, "a key must be text; other keys go in quotes")
			continue
		}
		path := join(path, key.Value)
		if seen[key.Value] {
			d.remarks.faultAt(positionOf(key), path, "is there twice")
			continue
		}
		seen[key.Value] = true
		d.remarks.places[path] = positionOf(key)
		fn(key.Value, path, entry.Value)
	}
}

// fresh is a new element of a list.
func (d *decoder) fresh(of reflect.Type) reflect.Value {
	item := reflect.New(of).Elem()
	if value, ok := d.defaults[of]; ok {
		item.Set(value)
	}
	return item
}

// eachField calls fn for each field of a struct that the file may have, by its name there.
func eachField(of reflect.Value, fn func(name string, field reflect.Value)) {
	for i := range of.NumField() {
		field := of.Type().Field(i)
		name, option, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case option == "inline":
			eachField(of.Field(i), fn)
		case option == "key" || name == "-" || !field.IsExported():
		case name == "":
			fn(strings.ToLower(field.Name), of.Field(i))
		default:
			fn(name, of.Field(i))
		}
	}
}

// keyField is the field that holds an element's name, if the type has one.
func keyField(of reflect.Type) (int, bool) {
	if of.Kind() != reflect.Struct {
		return 0, false
	}
	for i := range of.NumField() {
		if of.Field(i).Tag.Get("yaml") == ",key" {
			return i, true
		}
	}
	return 0, false
}

// isName reports whether s may name a provider, a route, a voice, a tenant or a key. There is no slash in it, since
// clients write provider/model, and no brace, since stores group a tenant's keys by them.
func isName(s string) bool {
	for _, c := range []byte(s) {
		letter := (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
		if !letter && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 64
}
