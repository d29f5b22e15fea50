package protocol

import (
	"encoding/json"
	"go/ast"
	goparser "go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// The document for machines must have what these types have: each message by its type, each field by its name, and no
// other. What passes on the wire is held against it elsewhere.
type document struct {
	Components struct {
		Messages map[string]struct {
			Payload struct {
				Ref string `json:"$ref"`
			}
		}
		Schemas map[string]struct {
			Properties map[string]json.RawMessage
			Required   []string
			Enum       []Code
		}
	}
}

func readDocument(t *testing.T) document {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "..", "docs", "asyncapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := yaml.YAMLToJSON(source)
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(plain, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// documented are the events, and what they are made of, by the schema's name.
var documented = map[string]any{
	"Ready": Ready{}, "Configured": Configured{}, "Accepted": Accepted{}, "Started": Started{}, "Timestamps": Timestamps{},
	"Rerouted": Rerouted{}, "Done": Done{}, "SpokenEvent": SpokenEvent{}, "Draining": Draining{},
	"Limits": Limits{}, "Defaults": Defaults{}, "TimedWord": TimedWord{}, "Spoken": Spoken{}, "Usage": Usage{},
	"Attempt": Attempt{}, "Cost": Cost{}, "Timing": Timing{}, "First": First{}, "Failure": errorObject{},
}

func TestDocumentHasEveryField(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	for name, value := range documented {
		schema := d.Components.Schemas[name]
		var fields, required []string
		for f := range reflect.TypeOf(value).Fields() {
			tag, omitted := strings.CutSuffix(f.Tag.Get("json"), ",omitempty")
			fields = append(fields, tag)
			if !omitted {
				required = append(required, tag)
			}
		}
		if event, ok := value.(Event); ok {
			kind, _ := event.wire()
			fields, required = append(fields, "type"), append(required, "type")
			if got, want := d.Components.Messages[kind].Payload.Ref, "#/components/schemas/"+name; got != want {
				t.Errorf("message %s is %q, want %q", kind, got, want)
			}
		}
		compare(t, name+"'s fields", fieldNames(schema.Properties), fields)
		compare(t, name+"'s required fields", schema.Required, required)
	}
}

// Each type that is sent or received is documented under its own name.
func TestDocumentHasEveryMessage(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	var messages []string
	for _, m := range d.Components.Messages {
		name := strings.TrimPrefix(m.Payload.Ref, "#/components/schemas/")
		messages = append(messages, name)
		if len(d.Components.Schemas[name].Properties) == 0 {
			t.Errorf("a message is %q, of which there is no schema", m.Payload.Ref)
		}
	}
	compare(t, "messages", messages, append(receivers(t, "wire", "name"), "Audio"))
	compare(t, "fields of error", fieldNames(d.Components.Schemas["Error"].Properties),
		append(fieldNames(d.Components.Schemas["Failure"].Properties), "type", "command", "generation_id"))
	codes := slices.Clone(d.Components.Schemas["Code"].Enum)
	slices.Sort(codes)
	if !slices.Equal(codes, Codes()) {
		t.Errorf("the document has codes %v, want %v", codes, Codes())
	}
}

// The settings of a generate are those of configure, and the audio's fields those of its encoder.
func TestDocumentHasEverySetting(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	settings := []string{
		"voice", "route", "language", "speed", "output", "word_timestamps", "normalize", "provider_options", "metadata",
		"conversation_id",
	}
	if n := reflect.TypeFor[Settings]().NumField(); n != len(settings) {
		t.Fatalf("there are %d settings, want %d", n, len(settings))
	}
	compare(t, "fields of configure", fieldNames(d.Components.Schemas["Configure"].Properties), append([]string{"type"}, settings...))
	compare(t, "fields of generate", fieldNames(d.Components.Schemas["Generate"].Properties),
		append([]string{"type", "generation_id", "idempotency_key", "text", "final", "text_idle_timeout_ms", "context_id", "traceparent", "tracestate"}, settings...))
	var audio map[string]json.RawMessage
	if err := json.Unmarshal(AppendAudioJSON(nil, Audio{GenerationID: "g"}, nil), &audio); err != nil {
		t.Fatal(err)
	}
	compare(t, "fields of audio", d.Components.Schemas["Audio"].Required, fieldNames(audio))
}

// receivers are the types of this package that have one of the methods.
func receivers(t *testing.T, methods ...string) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, file := range files {
		parsed, err := goparser.ParseFile(token.NewFileSet(), file, nil, goparser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range parsed.Decls {
			f, ok := declared.(*ast.FuncDecl)
			if !ok || f.Recv == nil || !slices.Contains(methods, f.Name.Name) {
				continue
			}
			of := f.Recv.List[0].Type
			if pointer, ok := of.(*ast.StarExpr); ok {
				of = pointer.X
			}
			if name, ok := of.(*ast.Ident); ok {
				types = append(types, name.Name)
			}
		}
	}
	return types
}

func fieldNames[T any](of map[string]T) []string {
	all := make([]string, 0, len(of))
	for name := range of {
		all = append(all, name)
	}
	return all
}

// compare compares without regard to order.
func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("%s: the document has %q, want %q", what, got, want)
	}
}
