// Command provenance says what a built relay was made of, and checks that what is said of one is true:
//
//	go run ./tests/provenance make BINARY > STATEMENT
//	go run ./tests/provenance check BINARY SBOM STATEMENT
//
// A statement is in-toto's (https://in-toto.io/Statement/v1) with a predicate of SLSA (https://slsa.dev/provenance/v1). It is
// not signed: that is for the publisher of a release. An SBOM is CycloneDX's.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "provenance:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	switch {
	case len(args) == 2 && args[0] == "make":
		return makeStatement(args[1], out)
	case len(args) == 4 && args[0] == "check":
		return checkAll(args[1], args[2], args[3], out)
	}
	return errors.New("usage: provenance make BINARY | provenance check BINARY SBOM STATEMENT")
}

func makeStatement(path string, out io.Writer) error {
	b, err := inspect(path)
	if err != nil {
		return err
	}
	from, err := readSource()
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(b.statement(from))
}

func checkAll(binary, sbom, statement string, out io.Writer) error {
	b, err := inspect(binary)
	if err != nil {
		return err
	}
	from, err := readSource()
	if err != nil {
		return err
	}
	said, err := os.ReadFile(statement)
	if err != nil {
		return err
	}
	if err := checkStatement(said, b, from); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	listed, err := os.ReadFile(sbom)
	if err != nil {
		return err
	}
	if err := errors.Join(checkSchema(listed), checkSBOM(listed, b)); err != nil {
		return fmt.Errorf("%s: %w", sbom, err)
	}
	fmt.Fprintf(out, "%s: sha256 %s, %d modules, of commit %s\n", binary, b.sha256, len(b.modules), from.commit)
	return nil
}
