package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// relayConfig has the shipped defaults but for how much may be asked: of the relay by a client, and of the vendor.
const relayConfig = `listen: 127.0.0.1:0
providers:
  kugelaudio: {adapter: kugelaudio, url: "%s", api_key: bench, max_concurrent: 0, warm: 1}
routes:
  default: {targets: [{provider: kugelaudio, model: kugel-3}]}
voices:
  narrator: {language: en, ids: {kugelaudio: "1071"}}
limits: {generations_per_minute: 100000, max_concurrent_generations: 1000, max_connections: 20000}
`

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

// startRelay starts the relay in front of the vendor.
func (b *bench) startRelay(ctx context.Context) (*path, error) {
	dir, err := os.MkdirTemp(b.dir, "relay")
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(config, fmt.Appendf(nil, relayConfig, b.vendor.url), 0o600); err != nil {
		return nil, err
	}
	c, err := startChild(dir, b.cores.proxy, b.relay, "serve", "-config", config)
	if err != nil {
		return nil, err
	}
	url, err := c.waitLine(ctx, "relay listening on ")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the relay: %w", err), c.stop())
	}
	return &path{name: relayPath, dialect: relayDialect{}, url: url, pid: c.pid, stop: c.stop}, nil
}
