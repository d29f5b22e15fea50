package tests

import (
	"bufio"
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// metric is the sum over a metric's labels, as /metrics tells it now.
func (r *relay) metric(t *testing.T, name string) float64 {
	t.Helper()
	sum, err := r.tryMetric(name)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func (r *relay) tryMetric(name string) (float64, error) {
	a, err := r.tryGet("/metrics", nil)
	if err != nil {
		return 0, err
	}
	sum, found := 0.0, false
	for lines := bufio.NewScanner(bytes.NewReader(a.body)); lines.Scan(); {
		line := lines.Text()
		rest, ok := strings.CutPrefix(line, name)
		if !ok || rest == "" || rest[0] != ' ' && rest[0] != '{' {
			continue
		}
		value, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		if err != nil {
			return 0, err
		}
		sum, found = sum+value, true
	}
	if !found {
		return 0, errors.New("no metric " + name)
	}
	return sum, nil
}

// awaitMetric asks until a metric satisfies a condition. Asking is all that tells, so it is done at an even pace.
func (r *relay) awaitMetric(t *testing.T, name string, condition func(float64) bool) {
	t.Helper()
	pace := time.NewTicker(50 * time.Millisecond)
	defer pace.Stop()
	var last float64
	for timeout := time.After(15 * time.Second); ; {
		last = r.metric(t, name)
		if condition(last) {
			return
		}
		select {
		case <-pace.C:
		case <-timeout:
			t.Errorf("%s stays at %v", name, last)
			return
		}
	}
}

func TestMetricsCountGenerations(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{Pace: 8})))
	c := r.dial(t)
	c.send(j{"type": "generate", "generation_id": "g1", "text": twelve})
	c.completed("g1")
	c.send(j{"type": "generate", "generation_id": "g2", "text": threeSentences})
	c.await("audio", of("audio", "g2"))
	c.send(j{"type": "cancel", "generation_id": "g2"})
	c.done("g2")
	for name, want := range map[string]float64{
		"relay_connections": 1, "relay_generations_active": 0, "relay_generations_total": 2,
		`relay_generations_total{outcome="completed"}`: 1, `relay_generations_total{outcome="cancelled"}`: 1,
		"relay_attempts_total": 2, "relay_first_audio_seconds_count": 2, "relay_cancel_seconds_count": 1,
		"relay_circuit_state": 0,
	} {
		r.awaitMetric(t, name, func(n float64) bool { return n == want })
	}
	body := r.get(t, "/metrics", nil).body
	for _, name := range []string{
		"relay_frame_delay_seconds", "relay_upstream_connections", "go_goroutines", "process_resident_memory_bytes",
	} {
		if !bytes.Contains(body, []byte(name)) {
			t.Errorf("no metric %s", name)
		}
	}
}
