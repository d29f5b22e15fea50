package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

func TestStopperRunsBackwardsAndTellsAll(t *testing.T) {
	var s stopper
	var order []string
	step := func(name string, err error) {
		s.push(name, time.Second, func(context.Context) error {
			order = append(order, name)
			return err
		})
	}
	first, second := errors.New("first"), errors.New("second")
	step("a", first)
	step("b", nil)
	step("c", second)
	err := s.run(t.Context())
	if got := strings.Join(order, ""); got != "cba" {
		t.Errorf("order: got %s, want cba", got)
	}
	if !errors.Is(err, first) || !errors.Is(err, second) {
		t.Errorf("got %v, want both errors", err)
	}
}

// No step takes the time of another, whether it heeds its context or not: what is stopped last is stopped.
func TestNoStepTakesAnothersTime(t *testing.T) {
	for name, hang := range map[string]func(ctx context.Context) error{
		"heeds its context": func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) },
		"heeds nothing":     func(context.Context) error { time.Sleep(time.Hour); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var s stopper
				var left time.Duration
				s.push("ledger", 10*time.Second, func(ctx context.Context) error {
					end, _ := ctx.Deadline()
					left = time.Until(end)
					return ctx.Err()
				})
				s.push("hangs", 2*time.Second, hang)
				began := time.Now()
				err := s.run(t.Context())
				if took := time.Since(began); took > 2*time.Second+stepSlack {
					t.Errorf("stopping took %v", took)
				}
				if left != 10*time.Second {
					t.Errorf("the last step had %v, want all of its own time", left)
				}
				if err == nil || !strings.Contains(err.Error(), "stop hangs: ") || strings.Contains(err.Error(), "ledger") {
					t.Errorf("got %v, want the step that hangs, and it alone", err)
				}
				time.Sleep(time.Hour) // what was left behind ends
			})
		})
	}
}

// A client that announces a body and does not send it neither holds up the stop nor makes it a failure.
func TestAStopWaitsForNoClient(t *testing.T) {
	p := serveTone(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprint(conn, "POST /v1/speech HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	if line, err := in.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") { // the relay waits for the body
		t.Fatalf("got %q, %v", line, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	if code := p.wait(ctx, zerolog.Nop(), reloads{}); code != exitOK {
		t.Errorf("exit %d, want %d", code, exitOK)
	}
	if took := time.Since(began); took > listenerPatience+2*time.Second {
		t.Errorf("stopped after %v", took)
	}
}
