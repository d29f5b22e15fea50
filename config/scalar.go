package config

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"voicerelay/upstream"
)

// scalar fills a single value. Its error says what it must be, and quotes nothing that came from outside.
func (e Environment) scalar(node ast.Node, into reflect.Value) error {
	if into.Type() == reflect.TypeFor[time.Duration]() {
		return e.duration(node, into)
	}
	if u, ok := into.Addr().Interface().(encoding.TextUnmarshaler); ok {
		text, err := e.text(node)
		if err != nil {
			return err
		}
		return u.UnmarshalText([]byte(text))
	}
	switch into.Kind() {
	case reflect.String:
		return e.string(node, into)
	case reflect.Bool:
		return e.bool(node, into)
	case reflect.Int, reflect.Int64, reflect.Int32:
		return e.int(node, into)
	case reflect.Float64:
		return e.float(node, into)
	}
	return errors.New("can't be configured")
}

// text is a string with its references replaced.
func (e Environment) text(node ast.Node) (string, error) {
	expanded, err := e.expansion(node)
	if err != nil {
		return "", err
	}
	if expanded.foreign && e.expanded != nil {
		e.expanded(expanded.text, source(node))
	}
	if len(expanded.unset) > 0 {
		return "", fmt.Errorf("the environment has no %s", strings.Join(expanded.unset, ", "))
	}
	return expanded.text, nil
}

func (e Environment) expansion(node ast.Node) (expansion, error) {
	switch n := node.(type) {
	case *ast.StringNode:
		return e.expand(n.Value)
	case *ast.LiteralNode:
		return e.expand(n.Value.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return expansion{}, errors.New("must be text: put it in quotes")
	}
	return expansion{}, errors.New("must be text")
}

// source is the text of a node as it is written.
func source(node ast.Node) string {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	}
	return ""
}

// string takes text. In a secret, a variable that is not set expands to nothing, and the secret's owner says what
// that means.
func (e Environment) string(node ast.Node, into reflect.Value) error {
	if into.Type() == reflect.TypeFor[upstream.Secret]() {
		expanded, err := e.expansion(node)
		if err != nil {
			return err
		}
		secret := strings.TrimRight(expanded.text, LineEnds)
		into.SetString(secret)
		return checkSecret(secret)
	}
	text, err := e.text(node)
	if err == nil {
		into.SetString(text)
	}
	return err
}

func (e Environment) bool(node ast.Node, into reflect.Value) error {
	text, err := e.plain(node)
	if err != nil {
		return err
	}
	if text != "true" && text != "false" {
		return errors.New("must be true or false")
	}
	into.SetBool(text == "true")
	return nil
}

func (e Environment) int(node ast.Node, into reflect.Value) error {
	text, err := e.plain(node)
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(decimal(text), 0, into.Type().Bits())
	if err != nil {
		return errors.New("must be a whole number")
	}
	into.SetInt(n)
	return nil
}

// decimal is a whole number without zeros before it. YAML 1.2 reads 0600 as 600; Go would read it as octal, which YAML
// writes as 0o600.
func decimal(text string) string {
	digits := strings.TrimLeft(text, "+-")
	if strings.Trim(digits, "0123456789") != "" || len(digits) < 2 {
		return text
	}
	return text[:len(text)-len(digits)] + cmp.Or(strings.TrimLeft(digits, "0"), "0")
}

func (e Environment) float(node ast.Node, into reflect.Value) error {
	text, err := e.plain(node)
	if err != nil {
		return err
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return errors.New("must be a number")
	}
	into.SetFloat(f)
	return nil
}

// duration takes text with a unit, or a bare 0.
func (e Environment) duration(node ast.Node, into reflect.Value) error {
	var text string
	var err error
	if n, ok := node.(*ast.IntegerNode); ok {
		text = n.GetToken().Value
	} else if text, err = e.text(node); err != nil {
		return err
	}
	duration, ok := parseDuration(text)
	if !ok {
		return errors.New("must be a duration, such as 500ms, 2s, 5m, 1h or 400d")
	}
	into.SetInt(int64(duration))
	return nil
}

// plain is a number or a truth value as it is written, or what its references stand for. Text without any is
// neither, and gives nothing.
func (e Environment) plain(node ast.Node) (string, error) {
	switch n := node.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, nil
	case *ast.StringNode:
		text, err := e.text(n)
		if !strings.Contains(n.Value, "${") {
			text = ""
		}
		return text, err
	}
	return "", nil
}

// parseDuration is time.ParseDuration with days, which have 24 hours and no fellow units. Durations here are
// never negative.
func parseDuration(text string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err == nil
	}
	duration, err := time.ParseDuration(text)
	return duration, err == nil && duration >= 0
}
