package main

import (
	"errors"
	"time"

	"voicerelay/config"
	"voicerelay/server"
)

// noteLoaded has operators see the settings that are in force from now on.
func (p *process) noteLoaded(s *config.Settings) {
	p.loaded.Store(&server.Configuration{
		LoadedAt:     time.Now().UTC(),
		Warnings:     texts(s.Warnings),
		NeedsRestart: append([]string{}, s.Pending...),
		InForce:      s.InForce,
	})
}

// noteRefused has operators see why a load changed nothing.
func (p *process) noteRefused(err error) {
	refused := &server.RefusedLoad{At: time.Now().UTC(), Faults: []string{err.Error()}}
	if faulty := (*config.Error)(nil); errors.As(err, &faulty) {
		refused.Faults = texts(faulty.Faults)
	}
	shown := *p.loaded.Load()
	shown.Refused = refused
	p.loaded.Store(&shown)
}

// texts are remarks as people read them.
func texts(remarks []config.Remark) []string {
	all := []string{}
	for _, r := range remarks {
		all = append(all, r.String())
	}
	return all
}
