package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"voicerelay/config"
)

const (
	// readyPatience is a little less than health checks of containers and balancers usually allow.
	readyPatience = 3 * time.Second
	// maxReadyAnswer bounds what is read of an answer; a relay's own has less than 200 bytes.
	maxReadyAnswer = 4 << 10
)

// ready asks a relay whether it takes new connections: `relay ready [-config config.yaml | -url URL] [-timeout 3s]`. It is a
// health check for images that have nothing but the relay.
func ready(ctx context.Context, args []string, std stdio) int {
	flags := flag.NewFlagSet("relay ready", flag.ContinueOnError)
	path := flags.String("config", "config.yaml", "the configuration `file` of the relay, for where it listens")
	address := flags.String("url", "", "the relay's `address`, in place of what the configuration says")
	timeout := flags.Duration("timeout", readyPatience, "how long to wait for an answer")
	if done, code := parseFlags(flags, args, std.err); done {
		return code
	}
	if !noArguments(flags, std.err) {
		return exitUsage
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	status, err := askReady(ctx, *address, *path)
	if err != nil {
		fmt.Fprintln(std.err, "relay ready:", err)
		return exitFault
	}
	fmt.Fprintln(std.out, status)
	return exitOK
}

// askReady is what a relay that is ready says of itself; any other is an error.
func askReady(ctx context.Context, address, path string) (status string, err error) {
	client := &http.Client{
		Transport:     &http.Transport{}, // without the environment's proxy
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if address == "" {
		if address, err = ownURL(path); err != nil {
			return "", err
		}
		// The relay's certificate is for its clients' name of it. Nothing secret is sent here, and only the machine itself
		// could answer in its place.
		client.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(address, "/")+"/readyz", nil)
	if err != nil {
		return "", errors.New("the address is no URL")
	}
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	var told struct {
		Status   string `json:"status"`
		Degraded bool   `json:"degraded"`
	}
	_ = json.NewDecoder(io.LimitReader(answer.Body, maxReadyAnswer)).Decode(&told) // of what is no relay the status code says enough
	switch {
	case answer.StatusCode != http.StatusOK && told.Status != "":
		return "", fmt.Errorf("not ready: %q", told.Status)
	case answer.StatusCode != http.StatusOK || told.Status != "ready":
		return "", fmt.Errorf("no relay's answer, with status %d", answer.StatusCode)
	case told.Degraded:
		return "ready, degraded", nil
	}
	return "ready", nil
}

// ownURL is where a relay with a configuration file is reached on its own machine. Nothing but its listener needs to be valid,
// so that a secret which is not here is no fault.
func ownURL(path string) (string, error) {
	listen, files, err := config.LoadListener(path, configEnvironment())
	if err != nil {
		return "", err
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil || port == "0" {
		return "", errors.New("listen names no address that can be asked; say -url")
	}
	switch ip := net.ParseIP(host); {
	case host == "":
		host = "127.0.0.1"
	case ip.IsUnspecified() && ip.To4() != nil:
		host = "127.0.0.1"
	case ip.IsUnspecified():
		host = "::1"
	}
	own := url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}
	if files != (config.TLSConfig{}) {
		own.Scheme = "https"
	}
	return own.String(), nil
}
