package main

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// vendorSocket is a connection with its contexts.
type vendorSocket struct {
	// Static.
	vendorLine
	ws *websocket.Conn

	// Guarded by mu.
	mu       sync.Mutex
	contexts map[string]*vendorContext // until they are over: one that is closing can still be stopped

	wg sync.WaitGroup // contexts
}

// command is what a client may say.
type command struct {
	ContextID    string `json:"context_id"`
	Text         string `json:"text"`
	Flush        bool   `json:"flush"`
	CloseContext bool   `json:"close_context"`
	Immediate    bool   `json:"immediate"`
	CloseSocket  bool   `json:"close_socket"`
}

// run reads until the connection ends. No context outlives it.
func (s *vendorSocket) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer func() {
		cancel()
		_ = s.ws.CloseNow() // it is over either way
		s.wg.Wait()
	}()
	for {
		_, data, err := s.ws.Read(ctx)
		if err != nil {
			return // the client left, or the run is over
		}
		arrived := s.clock.now()
		var c command
		if err := json.Unmarshal(data, &c); err != nil {
			s.write(`{"error":"not a JSON object","error_code":"VALIDATION_ERROR","code":400}`)
			return
		}
		if c.CloseSocket {
			s.write(`{"session_closed":true}`)
			return
		}
		s.apply(ctx, c, arrived)
	}
}

// apply carries out a command. Only called by the reader.
func (s *vendorSocket) apply(ctx context.Context, c command, arrived time.Duration) {
	vc := s.find(c.ContextID)
	if vc == nil && c.ContextID != "" && c.Text != "" {
		vc = s.create(ctx, c.ContextID)
	}
	if vc == nil {
		return // a hint, a keep-alive, or late news of a context that is gone
	}
	vc.append(c.Text)
	switch {
	case c.CloseContext && c.Immediate:
		vc.stop(arrived)
	case c.CloseContext || c.Flush:
		vc.order(c.CloseContext)
	}
}

func (s *vendorSocket) find(id string) *vendorContext {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.contexts[id]
}

func (s *vendorSocket) create(ctx context.Context, id string) *vendorContext {
	vc := &vendorContext{line: &s.vendorLine, id: string(quote(id)), frame: newAudioFrame(id), orders: make(chan order, ordersAhead)}
	vc.life, vc.end = context.WithCancel(ctx)
	s.mu.Lock()
	s.contexts[id] = vc
	s.mu.Unlock()
	s.write(`{"context_created":true,"context_id":%s}`, vc.id)
	s.wg.Go(func() {
		vc.run()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.contexts, id)
	})
	return vc
}
