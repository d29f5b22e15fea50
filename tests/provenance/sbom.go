package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// sbom is what is looked at of CycloneDX's list.
type sbom struct {
	BOMFormat   string `json:"bomFormat"`
	SpecVersion string `json:"specVersion"`
	Metadata    struct {
		Component  component `json:"component"`
		Properties []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"properties"`
	} `json:"metadata"`
	Components []component `json:"components"`
}

// component is a module.
type component struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl"`
	Hashes  []struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	} `json:"hashes"`
}

// hashOfBinary is the property in which cyclonedx-gomod says of which file the list is.
const hashOfBinary = "cdx:gomod:binary:hash:SHA-256"

// checkSBOM compares a list with the binary: every module of that, in its version and with its hash, and nothing else.
func checkSBOM(encoded []byte, b *binary) error {
	var list sbom
	if err := json.Unmarshal(encoded, &list); err != nil {
		return err
	}
	if list.BOMFormat != "CycloneDX" || !strings.HasPrefix(list.SpecVersion, "1.") {
		return fmt.Errorf("it is no CycloneDX list, but %q %q", list.BOMFormat, list.SpecVersion)
	}
	if !list.isOf(b) {
		return fmt.Errorf("it is of another binary than the one with sha256 %s", b.sha256)
	}
	listed := make(map[string]component)
	for _, c := range list.Components {
		listed[c.Name+"@"+c.Version] = c
	}
	if len(listed) != len(b.modules) {
		return fmt.Errorf("it lists %d modules, the binary has %d", len(listed), len(b.modules))
	}
	var failed []error
	for _, m := range b.modules {
		failed = append(failed, listed[m.path+"@"+m.version].check(m))
	}
	return errors.Join(failed...)
}

func (s sbom) isOf(b *binary) bool {
	for _, p := range s.Metadata.Properties {
		if p.Name == hashOfBinary {
			return p.Value == b.sha256 && s.Metadata.Component.Name == b.info.Main.Path
		}
	}
	return false
}

// check compares a listed component, which is empty where none is listed, with a module.
func (c component) check(m module) error {
	if c.Name == "" {
		return fmt.Errorf("module %s %s is missing", m.path, m.version)
	}
	if !strings.HasPrefix(c.PURL, m.purl()) {
		return fmt.Errorf("module %s %s is called %q", m.path, m.version, c.PURL)
	}
	if m.dirHash == "" {
		return nil
	}
	for _, h := range c.Hashes {
		if h.Algorithm == "SHA-256" && h.Content == m.dirHash {
			return nil
		}
	}
	return fmt.Errorf("module %s %s has another hash", m.path, m.version)
}
