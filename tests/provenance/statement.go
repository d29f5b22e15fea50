package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// What a statement is of.
const (
	statementType = "https://in-toto.io/Statement/v1"
	predicateType = "https://slsa.dev/provenance/v1"
	repository    = "https://github.com/voicerelay/voicerelay"
	// buildType is where it is said how a build is made.
	buildType = repository + "/blob/main/docs/operating.md#in-a-container"
	// builderID stands for a build by hand or by CI alike: a statement that nobody has signed can claim no more.
	builderID = repository + "/blob/main/Makefile"
)

// statement is in-toto's, version 1.
type statement struct {
	Type          string     `json:"_type"`
	Subject       []resource `json:"subject"`
	PredicateType string     `json:"predicateType"`
	Predicate     predicate  `json:"predicate"`
}

// resource is a ResourceDescriptor.
type resource struct {
	Name   string            `json:"name,omitempty"`
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest,omitempty"`
}

// predicate is SLSA's, version 1.
type predicate struct {
	BuildDefinition struct {
		BuildType            string            `json:"buildType"`
		ExternalParameters   map[string]string `json:"externalParameters"`
		InternalParameters   map[string]string `json:"internalParameters"`
		ResolvedDependencies []resource        `json:"resolvedDependencies"`
	} `json:"buildDefinition"`
	RunDetails struct {
		Builder struct {
			ID      string            `json:"id"`
			Version map[string]string `json:"version"`
		} `json:"builder"`
		Metadata struct {
			FinishedOn time.Time `json:"finishedOn"`
		} `json:"metadata"`
	} `json:"runDetails"`
}

// statement says what the binary was made of.
func (b *binary) statement(from source) statement {
	s := statement{Type: statementType, PredicateType: predicateType}
	s.Subject = []resource{{Name: b.name, Digest: map[string]string{"sha256": b.sha256}}}
	definition, details := &s.Predicate.BuildDefinition, &s.Predicate.RunDetails
	definition.BuildType = buildType
	definition.ExternalParameters = map[string]string{"source": "git+" + repository, "package": b.info.Path}
	definition.InternalParameters = map[string]string{"modified": fmt.Sprint(from.modified)}
	for _, setting := range b.info.Settings {
		definition.InternalParameters[setting.Key] = setting.Value
	}
	definition.ResolvedDependencies = []resource{
		{URI: "git+" + repository, Digest: map[string]string{"gitCommit": from.commit}},
		{URI: "pkg:golang/std@" + b.info.GoVersion[len("go"):], Name: b.info.GoVersion},
	}
	for _, m := range b.modules {
		if m.dirHash != "" {
			definition.ResolvedDependencies = append(definition.ResolvedDependencies,
				resource{URI: m.purl(), Digest: map[string]string{"dirHash": m.dirHash}})
		}
	}
	details.Builder.ID = builderID
	details.Builder.Version = map[string]string{"go": b.info.GoVersion}
	details.Metadata.FinishedOn = b.built.Truncate(time.Second)
	return s
}

// checkStatement compares a statement with the binary and the source.
func checkStatement(encoded []byte, b *binary, from source) error {
	var said statement
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&said); err != nil {
		return err
	}
	if len(said.Subject) != 1 || said.Subject[0].Digest["sha256"] != b.sha256 {
		return fmt.Errorf("it is of another binary than the one with sha256 %s", b.sha256)
	}
	if want := b.statement(from); !reflect.DeepEqual(said, want) {
		return errors.New("it says something else than the binary and the source: make it anew")
	}
	return nil
}
