package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	memorySettles = time.Second
	memoryActive  = 300         // generations; the more, the less one buffer of the process counts
	memorySpeech  = time.Second // in the middle of which all speak, and memory is read
)

// memories measures proxies that have done nothing before.
func (b *bench) memories(ctx context.Context, r *report) error {
	r.Memory = make(map[string]*memory)
	for _, name := range []string{nginxPath, relayPath} {
		if b.settings.idle == 0 || !b.settings.measures(name) {
			continue
		}
		b.say("memory of %s", name)
		s, err := b.open(ctx, realTime, name)
		if err != nil {
			return err
		}
		var m *memory
		for _, p := range s.paths { // none where it is not installed
			m, err = b.memoryOf(ctx, p)
		}
		if err := errors.Join(err, s.close()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if m != nil {
			r.Memory[name] = m
		}
	}
	return nil
}

// memoryOf measures a fresh proxy, and leaves it idle.
func (b *bench) memoryOf(ctx context.Context, p *path) (*memory, error) {
	warm, err := b.connect(ctx, p, 1)
	defer closeAll(warm)
	if err != nil {
		return nil, err
	}
	if _, err := warm[0].speak(ctx, b.nextLine(memorySettles)); err != nil {
		return nil, err
	}
	base, err := settledKB(ctx, p)
	if err != nil {
		return nil, err
	}
	idle, err := b.connect(ctx, p, b.settings.idle)
	defer closeAll(idle)
	if err != nil {
		return nil, err
	}
	atRest, err := settledKB(ctx, p)
	if err != nil {
		return nil, err
	}
	speaking := idle[:min(len(idle), memoryActive)]
	inSpeech, err := b.speakingKB(ctx, p, speaking)
	if err != nil {
		return nil, err
	}
	return &memory{
		Base:        base,
		Idle:        (atRest - base) / float64(len(idle)),
		IdleCount:   len(idle),
		Active:      (inSpeech - atRest) / float64(len(speaking)),
		ActiveCount: len(speaking),
	}, nil
}

// settledKB lets what was just done come to rest first.
func settledKB(ctx context.Context, p *path) (float64, error) {
	if err := pause(ctx, memorySettles); err != nil {
		return 0, err
	}
	return residentKB(p)
}

func residentKB(p *path) (float64, error) {
	bytes, err := residentBytes(p.pid)
	if err != nil {
		return 0, fmt.Errorf("read the memory of %s: %w", p.name, err)
	}
	return float64(bytes) / 1024, nil
}

// speakingKB is the memory while all these clients have something spoken.
func (b *bench) speakingKB(ctx context.Context, p *path, clients []*client) (float64, error) {
	d := demand{generations: len(clients), duration: memorySpeech}
	ctx, cancel := context.WithTimeoutCause(ctx, d.length()+overtime, errOvertime)
	defer cancel()
	c := b.start(ctx, clients, p.vendor, d)
	err := pause(c.ctx, d.spread()+settleTime+d.duration/2)
	var kb float64
	if err == nil {
		kb, err = residentKB(p)
	}
	if err != nil {
		c.fail(err)
	}
	_, err = c.wait()
	return kb, err
}

// memorySection is what proxies have in RAM.
func (r *report) memorySection() (section, bool) {
	s := section{Title: "Memory", Columns: []string{nginxPath, relayPath}}
	for _, line := range []struct {
		name string
		of   func(*memory) float64
	}{
		{"process with one connection", func(m *memory) float64 { return m.Base }},
		{"more an idle connection", func(m *memory) float64 { return m.Idle }},
		{"more an active generation", func(m *memory) float64 { return m.Active }},
	} {
		f := figure{Name: line.name, Unit: "KB", Columns: make(map[string]spread)}
		for path, m := range r.Memory {
			f.Columns[path] = spreadOf([]float64{line.of(m)})
		}
		s.Figures = append(s.Figures, f)
	}
	if m := r.Memory[relayPath]; m != nil {
		s.Notes = append(s.Notes, fmt.Sprintf("%d idle connections, %d active generations", m.IdleCount, m.ActiveCount))
	}
	return s, len(r.Memory) > 0
}
