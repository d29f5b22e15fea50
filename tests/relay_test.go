package tests

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"voicerelay/tests/process"
)

// A relay is a running relay process.
type relay struct {
	*process.Server
	t   *testing.T
	url string
	dir string
}

// serve starts a relay and waits until it listens. When the test ends the relay is told to stop, and what it has
// logged is looked through.
func serve(t *testing.T, c *config) *relay {
	t.Helper()
	return serveIn(t, t.TempDir(), c)
}

// serveIn is serve in a folder that may have the ledger of an earlier relay.
func serveIn(t *testing.T, dir string, c *config) *relay {
	t.Helper()
	path := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, c.marshal(t), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := process.Command(program, dir, "serve", "-config", path)
	if c.trust != nil {
		roots := filepath.Join(dir, "roots.pem")
		if err := os.WriteFile(roots, c.trust, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd.Env = append(cmd.Env, "SSL_CERT_FILE="+roots)
	}
	cmd.Env = append(cmd.Env, c.env...)
	r := start(t, cmd)
	for _, k := range c.Keys {
		if key, ok := k["key"].(string); ok {
			r.Log.Forbid(key)
		}
	}
	return r
}

// launch starts a relay command that serves, and waits for its line on standard output.
func launch(t *testing.T, dir string, args ...string) *relay {
	t.Helper()
	return launchProgram(t, dir, program, args...)
}

// launchProgram is launch by way of another program.
func launchProgram(t *testing.T, dir, program string, args ...string) *relay {
	t.Helper()
	return start(t, process.Command(program, dir, args...))
}

func start(t *testing.T, cmd *exec.Cmd) *relay {
	t.Helper()
	server := process.Start(t, cmd, vendorKey)
	return &relay{Server: server, t: t, url: server.URL, dir: cmd.Dir}
}

// A result is what a relay command that ends by itself left behind.
type result struct {
	code        int
	out, errout string
}

// run runs a relay command to its end.
func run(t *testing.T, dir, stdin string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	var out, errout bytes.Buffer
	cmd.Env = process.Environment(dir)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, strings.NewReader(stdin), &out, &errout
	if err := cmd.Run(); ctx.Err() != nil {
		t.Fatalf("relay %s did not end: %v\n%s", args[0], err, errout.String())
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errout.String()}
}
