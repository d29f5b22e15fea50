package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// nginxConfig forwards WebSockets blind, with one worker. The buffer takes a whole audio frame in one read, which
// the default of one page would not.
const nginxConfig = `daemon off;
master_process off;
pid nginx.pid;
error_log stderr error;
worker_rlimit_nofile 20000;
events { worker_connections 20000; }
http {
	access_log off;
	client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
	server {
		listen %s backlog=4096;
		location / {
			proxy_pass http://%s;
			proxy_http_version 1.1;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection upgrade;
			proxy_buffer_size 16k; proxy_buffers 8 16k;
			proxy_read_timeout 1h;
			proxy_send_timeout 1h;
		}
	}
}
`

// errNoNginx says that the comparison has to do without it.
var errNoNginx = errors.New("nginx is not installed")

// findNginx looks on PATH and where distributions put it.
func findNginx() (string, error) {
	for _, name := range []string{"nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"} {
		if program, err := exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", errNoNginx
}

// startNginx starts nginx in front of a vendor.
func (b *bench) startNginx(ctx context.Context, v *vendor) (*path, error) {
	program, err := findNginx()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(b.dir, "nginx")
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, fmt.Errorf("find a port for nginx: %w", err)
	}
	config := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(nginxConfig, address, strings.TrimPrefix(v.url, "ws://"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	// -e comes first in time: without it nginx complains of the log that it was built to use.
	cmd := exec.Command(program, "-e", "stderr", "-p", dir, "-c", config)
	cmd.Dir = dir
	c, err := startChild(cmd, b.cores.proxy)
	if err != nil {
		return nil, err
	}
	if err := waitListening(ctx, c, address); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return &path{
		name: nginxPath, dialect: vendorDialect{}, url: "ws://" + address, vendor: v,
		http: newHTTPClient(), pid: c.pid, stop: c.stop,
	}, nil
}

// waitListening waits until a child takes connections, for it does not say so.
func waitListening(ctx context.Context, c *child, address string) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-c.done:
			return fmt.Errorf("it ended at its start: %s", c.tail())
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}
