package server

import (
	"time"
)

// Configuration is what is in force, as operators see it. It has no secret.
type Configuration struct {
	// LoadedAt is when what is in force was loaded, at the start or by a reload.
	LoadedAt time.Time `json:"loaded_at"`
	// Warnings are those of that load. NeedsRestart are the parts of the file that wait for one, which InForce has as they are now.
	Warnings     []string `json:"warnings"`
	NeedsRestart []string `json:"needs_restart"`
	// Refused is the load after that, if it was refused; nil: none was.
	Refused *RefusedLoad `json:"refused"`
	// InForce is by the names of the file.
	InForce map[string]any `json:"configuration"`
}

// RefusedLoad is a reload that changed nothing.
type RefusedLoad struct {
	At     time.Time `json:"at"`
	Faults []string  `json:"faults"`
}
