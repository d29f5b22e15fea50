package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// relayConfigText has the shipped defaults but for how much may be asked: of the relay by a client, and of the vendor.
// Two providers may stand for one vendor; a route with both holds audio back, so that the other one can take over.
const relayConfigText = `listen: 127.0.0.1:0
providers:
  kugelaudio: {adapter: kugelaudio, url: "%[1]s", api_key: bench, max_concurrent: 0, warm: %[2]d}
  second: {adapter: kugelaudio, url: "%[1]s", api_key: bench, max_concurrent: 0, warm: 0}
routes:
  default: {targets: [%[3]s]}
voices:
  narrator: {language: en, ids: {kugelaudio: "1071", second: "1071"}}
limits: {generations_per_minute: 100000, max_concurrent_generations: 1000, max_connections: 20000}
`

// Targets of a route.
const (
	firstTarget  = "{provider: kugelaudio, model: kugel-3}"
	secondTarget = "{provider: second, model: kugel-3}"
)

func relayConfig(vendorURL, targets string) string {
	return fmt.Sprintf(relayConfigText, vendorURL, 1, targets)
}

// buildRelay builds the program as it is shipped.
func buildRelay(ctx context.Context, dir string) (string, error) {
	program := filepath.Join(dir, "relay-under-test")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, "voicerelay/cmd/relay")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the relay: %w\n%s", err, out)
	}
	return program, nil
}

// startRelay starts the relay in front of a vendor.
func (b *bench) startRelay(ctx context.Context, v *vendor, config string) (*path, error) {
	p, err := b.serveRelay(ctx, config)
	if err != nil {
		return nil, err
	}
	p.vendor = v
	return p, nil
}

// serveRelay starts the relay with a configuration, and with what is added to its environment.
func (b *bench) serveRelay(ctx context.Context, config string, env ...string) (*path, error) {
	dir, err := os.MkdirTemp(b.dir, "relay")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(b.relay, "serve", "-config", file)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	c, err := startChild(cmd, b.cores.proxy)
	if err != nil {
		return nil, err
	}
	url, err := c.waitLine(ctx, "relay listening on ")
	if err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return &path{name: relayPath, dialect: relayDialect{}, url: url, http: newHTTPClient(), pid: c.pid, stop: c.stop}, nil
}
