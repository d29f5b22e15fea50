package tests

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Documents are what the relay's authors promise in a form for machines. Everything that passes in these tests is held
// against them.
type documents struct {
	compiler *jsonschema.Compiler
	openapi  map[string]any
	asyncapi map[string]any

	mu      sync.Mutex // guards what follows, and the compiler
	schemas map[string]*jsonschema.Schema
}

// promised reads the documents once.
var promised = sync.OnceValues(func() (*documents, error) {
	d := &documents{compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}}
	for name, into := range map[string]*map[string]any{"openapi.yaml": &d.openapi, "asyncapi.yaml": &d.asyncapi} {
		source, err := os.ReadFile(filepath.Join("..", "docs", name))
		if err != nil {
			return nil, err
		}
		plain, err := yaml.YAMLToJSON(source)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(plain))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := d.compiler.AddResource(documentBase+name, doc); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		var ok bool
		if *into, ok = doc.(map[string]any); !ok {
			return nil, fmt.Errorf("%s is no object", name)
		}
	}
	d.compiler.AssertFormat()
	return d, nil
})

const documentBase = "file:///docs/"

// schema is the one at a place, such as "asyncapi.yaml#/components/schemas/Done".
func (d *documents) schema(at string) (*jsonschema.Schema, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.schemas[at]; s != nil {
		return s, nil
	}
	s, err := d.compiler.Compile(documentBase + at)
	if err == nil {
		d.schemas[at] = s
	}
	return s, err
}

// check holds JSON against the schema at a place.
func (d *documents) check(at string, data []byte) error {
	s, err := d.schema(at)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return s.Validate(value)
}

// keeps checks that a message of a type is what asyncapi.yaml promises. Audio itself is left out: reading it twice would
// be most of what these tests do.
func keeps(kind string, data []byte) error {
	d, err := promised()
	if err != nil {
		return err
	}
	payload := follow(d.asyncapi, "components", "messages", kind, "payload", "$ref")
	place, ok := payload.(string)
	if !ok {
		return fmt.Errorf("asyncapi.yaml has no message %s", kind)
	}
	if head, _, found := bytes.Cut(data, []byte(`,"audio":"`)); found && kind == "audio" {
		data = append(bytes.Clone(head), `,"audio":""}`...)
	}
	if err := d.check("asyncapi.yaml"+place, data); err != nil {
		return fmt.Errorf("asyncapi.yaml: %w", err)
	}
	return nil
}

// follow is what stands in a document at the end of a path of names, or nil.
func follow(doc any, path ...string) any {
	for _, name := range path {
		object, ok := doc.(map[string]any)
		if !ok {
			return nil
		}
		doc = object[name]
	}
	return doc
}

// promisedAnswer checks that an answer to a request is one that openapi.yaml promises.
func promisedAnswer(req *http.Request, a answer) error {
	d, err := promised()
	if err != nil {
		return err
	}
	operation := follow(d.openapi, "paths", d.pathOf(req), strings.ToLower(req.Method))
	if operation == nil {
		if a.status != http.StatusNotFound && a.status != http.StatusMethodNotAllowed && a.status != http.StatusForbidden {
			return fmt.Errorf("%s %s is answered with %d and not in openapi.yaml", req.Method, req.URL.Path, a.status)
		}
		return d.check(errorBody, a.body)
	}
	if a.status == http.StatusOK {
		if err := d.knowsParameters(operation, req.URL.Query()); err != nil {
			return fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)
		}
	}
	if err := d.checkAnswer(req, a); err != nil {
		return fmt.Errorf("openapi.yaml: %s %s: %d: %w", req.Method, req.URL.Path, a.status, err)
	}
	return nil
}

// pathOf is a request's path as the document has it: with the name of what is no constant.
func (d *documents) pathOf(req *http.Request) string {
	for _, path := range []string{"/v1/live/{record_id}", "/v1/prices/{list}"} {
		beginning, _, _ := strings.Cut(path, "{")
		if name, found := strings.CutPrefix(req.URL.Path, beginning); found && !strings.Contains(name, "/") {
			return path
		}
	}
	return req.URL.Path
}

const errorBody = "openapi.yaml#/components/responses/Error/content/application~1json/schema"

// knowsParameters checks that what was accepted in a query is documented.
func (d *documents) knowsParameters(operation any, query url.Values) error {
	known := map[string]bool{"api_key": true}
	listed, _ := follow(operation, "parameters").([]any)
	for _, p := range listed {
		if ref, ok := follow(p, "$ref").(string); ok {
			p = follow(d.openapi, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		}
		if name, ok := follow(p, "name").(string); ok && follow(p, "in") == "query" {
			known[name] = true
		}
	}
	for name := range query {
		if !known[name] {
			return fmt.Errorf("the query parameter %s was accepted and is not documented", name)
		}
	}
	return nil
}

func (d *documents) checkAnswer(req *http.Request, a answer) error {
	status := strconv.Itoa(a.status)
	at := []string{"paths", d.pathOf(req), strings.ToLower(req.Method), "responses", status}
	response := follow(d.openapi, at...)
	if response == nil {
		return errors.New("no such status")
	}
	if ref, ok := follow(response, "$ref").(string); ok {
		at = strings.Split(strings.TrimPrefix(ref, "#/"), "/")
		response = follow(d.openapi, at...)
	}
	kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("Content-Type: %w", err)
	}
	media := kind
	if found := follow(response, "content", kind); found == nil {
		media = strings.Replace(strings.Replace(kind, "pcmu", "PCMU", 1), "pcma", "PCMA", 1) // compared without regard to case
	}
	body := follow(response, "content", media)
	if body == nil {
		return fmt.Errorf("no such type as %s", kind)
	}
	if follow(body, "schema") == nil {
		return nil
	}
	for i := range at {
		at[i] = strings.ReplaceAll(at[i], "/", "~1")
	}
	place := "openapi.yaml#/" + strings.Join(at, "/") + "/content/" + strings.ReplaceAll(media, "/", "~1") + "/schema"
	if kind != "application/x-ndjson" {
		return d.check(place, a.body)
	}
	for line := range bytes.Lines(a.body) {
		if err := d.check(place, line); err != nil {
			return err
		}
	}
	return nil
}

// What the relay refuses as malformed, the document refuses too, so that a message made by it is not refused.
// Beyond it is what no schema can say.
func TestDocumentRefusesWhatTheRelayDoes(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, m := range broken {
		var message struct{ Type string }
		if err := json.Unmarshal([]byte(m.message), &message); err != nil || beyondSchema(m) {
			continue
		}
		checked++
		if err := keeps(message.Type, []byte(m.message)); err == nil {
			t.Errorf("%s: asyncapi.yaml takes what the relay refuses: %s", m.name, shorten(m.message, 200))
		}
	}
	if checked < len(broken)/2 {
		t.Errorf("only %d of %d broken messages could be checked", checked, len(broken))
	}
}

// beyondSchema reports whether what is wrong with a message lies in what this relay has, or below JSON's values.
func beyondSchema(m malformed) bool {
	if m.code != "" && m.code != "invalid_request" && m.code != "unsupported_format" {
		return true
	}
	for _, sign := range []string{"repeated", "NUL", "surrogate", "257 bytes", "stranger", "option of a wrong type", "unknown option"} {
		if strings.Contains(m.name, sign) {
			return true
		}
	}
	_, err := fieldsOf([]byte(m.message))
	return err != nil
}

func TestDocumentsAreWhole(t *testing.T) {
	t.Parallel()
	d, err := promised()
	if err != nil {
		t.Fatal(err)
	}
	messages, _ := follow(d.asyncapi, "channels", "speech", "messages").(map[string]any)
	for kind := range shapes {
		if messages[kind] == nil {
			t.Errorf("asyncapi.yaml's channel has no %s", kind)
		}
	}
	listed := 0
	for _, operation := range []string{"takeCommands", "tellEvents"} {
		of, _ := follow(d.asyncapi, "operations", operation, "messages").([]any)
		listed += len(of)
	}
	if listed != len(messages) {
		t.Errorf("the operations have %d messages, the channel %d", listed, len(messages))
	}
	for _, name := range []string{"openapi", "asyncapi"} {
		doc := map[string]map[string]any{"openapi": d.openapi, "asyncapi": d.asyncapi}[name]
		schemas, _ := follow(doc, "components", "schemas").(map[string]any)
		for schema := range schemas {
			if _, err := d.schema(name + ".yaml#/components/schemas/" + schema); err != nil {
				t.Errorf("%s.yaml: %s: %v", name, schema, err)
			}
		}
	}
	named, _ := follow(d.asyncapi, "components", "schemas", "Code", "enum").([]any)
	if len(named) != len(codes) {
		t.Errorf("asyncapi.yaml has %d codes, want %d", len(named), len(codes))
	}
}
