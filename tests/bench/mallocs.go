package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// mallocs is how many objects a relay has allocated since its start, by its own metrics.
func (p *path) mallocs(ctx context.Context) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakePatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	res, err := p.http.Do(req)
	if err != nil {
		return 0, fmt.Errorf("read the relay's metrics: %w", err)
	}
	defer res.Body.Close()
	return mallocsIn(res.Body)
}

// mallocsIn finds the number in metrics as Prometheus reads them.
func mallocsIn(metrics io.Reader) (float64, error) {
	const name = "go_memstats_mallocs_total "
	lines := bufio.NewScanner(metrics)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), name); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("no %sin the relay's metrics", name)
}

// counter counts allocations over a time. Asking costs some itself, as many each time.
type counter struct {
	path *path // that has metrics
	last float64
	cost float64 // of asking once
}

// newCounter begins to count.
func newCounter(ctx context.Context, p *path) (*counter, error) {
	c := &counter{path: p}
	if _, err := p.mallocs(ctx); err != nil { // the first time costs more
		return nil, err
	}
	first, err := p.mallocs(ctx)
	if err != nil {
		return nil, err
	}
	c.last, err = p.mallocs(ctx)
	c.cost = c.last - first
	return c, err
}

// count ends it.
func (c *counter) count(ctx context.Context) (float64, error) {
	now, err := c.path.mallocs(ctx)
	return max(0, now-c.last-c.cost), err
}
