package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"voicerelay/upstream"
)

// hidden stands in the place of a secret.
const hidden = "***"

// inForce is a file as it is in force: each value by its name in the file, those that it leaves out as well. Secrets are
// hidden, also hashes of keys, and what refers to the environment or to a file stands as it is written.
func inForce(file *fileConfig, s *Settings, written *references) map[string]any {
	v := viewer{written: written, sections: make(map[string]any)}
	for i, key := range s.Keys {
		v.sections[fmt.Sprintf("keys[%d].limits", i)] = v.value(reflect.ValueOf(key.Limits), "")
	}
	for _, p := range s.Providers {
		path := join(join("providers", p.Name), "options")
		if options, err := p.Driver.Options(p.Options); err == nil {
			v.sections[path] = v.value(reflect.ValueOf(options), "")
		}
	}
	shown, _ := v.value(reflect.ValueOf(*file), "").(map[string]any)
	for _, p := range s.Providers {
		if list, ok := shown["providers"].([]any); ok {
			markSpeaking(list, p.Name)
		}
	}
	return shown
}

// markSpeaking notes that a provider is not left out.
func markSpeaking(providers []any, name string) {
	for _, p := range providers {
		if entry, ok := p.(map[string]any); ok && entry["name"] == name {
			entry["left_out"] = false
		}
	}
}

// viewer makes plain values of a configuration's. It reads types as the decoder does, the other way round.
type viewer struct {
	written *references
	// sections are the parts of the file whose type only others know, by their paths.
	sections map[string]any
}

func (v viewer) value(of reflect.Value, path string) any {
	if of.Kind() == reflect.Pointer {
		if of.IsNil() {
			return nil
		}
		return v.value(of.Elem(), path)
	}
	switch known := of.Interface().(type) {
	case upstream.Secret:
		return hide(string(known))
	case section:
		return v.sections[path]
	case time.Duration:
		return known.String()
	case ByteLimit:
		return int64(known)
	case encoding.TextMarshaler:
		text, _ := known.MarshalText() // what was read can be written
		return v.written.of(string(text))
	}
	switch of.Kind() {
	case reflect.Struct:
		return v.object(of, path)
	case reflect.Slice:
		list := []any{}
		for i := range of.Len() {
			list = append(list, v.value(of.Index(i), v.element(of.Index(i), path, i)))
		}
		return list
	case reflect.Map:
		table := make(map[string]any, of.Len())
		for _, key := range of.MapKeys() {
			table[key.String()] = v.value(of.MapIndex(key), join(path, key.String()))
		}
		return table
	case reflect.String:
		return v.written.of(of.String())
	default:
		return of.Interface()
	}
}

// element is the path of a list's element: by its name, if it stands in the file by that.
func (v viewer) element(of reflect.Value, path string, i int) string {
	if field, ok := keyField(of.Type()); ok {
		return join(path, of.Field(field).String())
	}
	return fmt.Sprintf("%s[%d]", path, i)
}

// object has the fields that a file may have, and the name that it is listed by.
func (v viewer) object(of reflect.Value, path string) map[string]any {
	shown := make(map[string]any)
	eachField(of, func(name string, field reflect.Value) {
		value := v.value(field, join(path, name))
		if text, ok := value.(string); ok && strings.HasSuffix(name, "_sha256") {
			value = hide(text)
		}
		shown[name] = value
	})
	if field, ok := keyField(of.Type()); ok {
		shown["name"] = of.Field(field).String()
	}
	if of.Type() == reflect.TypeFor[providerConfig]() {
		shown["left_out"] = true
	}
	return shown
}

func hide(secret string) string {
	if secret == "" {
		return ""
	}
	return hidden
}

// references are what stands in the file for texts that came from outside. It is safe for concurrent use, since drivers read
// their options again whenever a provider is opened.
type references struct {
	mu      sync.Mutex
	written map[string]string // guarded by mu, by what came
}

func newReferences() *references { return &references{written: make(map[string]string)} }

// note has the environment keep here what is expanded.
func (r *references) note(e Environment) Environment {
	e.expanded = func(text, source string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.written[text] = source
	}
	return e
}

// of is a text as the file has it.
func (r *references) of(text string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if written, ok := r.written[text]; ok {
		return written
	}
	return text
}
