package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemaModule has CycloneDX's JSON schemas in its folder schema. It is the library of the tool that makes the list.
const schemaModule = "github.com/CycloneDX/cyclonedx-go@v0.9.3"

// schemaFiles are the schemas by the addresses under which they name each other.
var schemaFiles = map[string]string{
	"http://cyclonedx.org/schema/bom-1.6.schema.json":  "bom-1.6.schema.json",
	"http://cyclonedx.org/schema/spdx.schema.json":     "spdx.schema.json",
	"http://cyclonedx.org/schema/jsf-0.82.schema.json": "jsf-0.82.schemax.json", // its name in the module
}

// checkSchema holds a list to CycloneDX's schema.
func checkSchema(encoded []byte) error {
	out, err := exec.Command("go", "mod", "download", "-json", schemaModule).Output()
	if err != nil {
		return fmt.Errorf("go mod download %s: %w", schemaModule, err)
	}
	var downloaded struct{ Dir string }
	if err := json.Unmarshal(out, &downloaded); err != nil {
		return err
	}
	compiler := jsonschema.NewCompiler()
	for address, name := range schemaFiles {
		source, err := os.ReadFile(filepath.Join(downloaded.Dir, "schema", name))
		if err != nil {
			return err
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(source))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := compiler.AddResource(address, document); err != nil {
			return err
		}
	}
	schema, err := compiler.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		return err
	}
	list, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	return schema.Validate(list)
}
