package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/rs/zerolog"

	"voicerelay/relay"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// stopPatience is what stopping may take beyond shutdown_grace: closing handshakes and sockets.
const stopPatience = 10 * time.Second

// serve runs the relay: `relay serve [-config config.yaml]`. It ends with an interrupt or SIGTERM.
func serve(ctx context.Context, args []string, std stdio) int {
	flags := flag.NewFlagSet("relay serve", flag.ContinueOnError)
	path := flags.String("config", "config.yaml", "the configuration `file`")
	if done, code := parseFlags(flags, args, std.err); done {
		return code
	}
	if !noArguments(flags, std.err) {
		return exitUsage
	}
	s, warnings, err := loadConfig(*path, os.LookupEnv)
	if err != nil {
		fmt.Fprintln(std.err, err)
		return exitFault
	}
	log := newLog(s, std.err)
	for _, w := range warnings {
		log.Warn().Str("at", w.String()).Msg("configuration")
	}
	if s.Open() {
		log.Warn().Msg("no keys are configured: every program on this machine may speak, and nothing else")
	}
	p, err := start(ctx, s, log)
	if err != nil {
		log.Error().Err(err).Msg("not started")
		return exitFault
	}
	fmt.Fprintf(std.out, "relay listening on %s\n", p.url)
	return p.wait(ctx, log)
}

func newLog(s *settings, w io.Writer) zerolog.Logger {
	if s.LogConsole {
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: time.TimeOnly}
	}
	return zerolog.New(w).Level(s.LogLevel).With().Timestamp().Logger()
}

// process is a relay that serves.
type process struct {
	url    string
	grace  time.Duration
	failed chan error // a listener that broke
	stop   stopper
}

// start builds a relay and begins to serve. Where it fails, nothing is left running.
func start(ctx context.Context, s *settings, log zerolog.Logger) (*process, error) {
	p := &process{grace: s.ShutdownGrace, failed: make(chan error, 2)}
	if err := p.build(ctx, s, log); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
		defer cancel()
		return nil, errors.Join(err, p.stop.run(ctx))
	}
	return p, nil
}

func (p *process) build(ctx context.Context, s *settings, log zerolog.Logger) error {
	srv, err := p.newServer(ctx, s, log)
	if err != nil {
		return err
	}
	if s.AdminListen != "" {
		if _, err := p.listen(s.AdminListen, nil, newHTTPServer(srv.AdminHandler(), log)); err != nil {
			return err
		}
	}
	secured, err := tlsFrom(s.TLS)
	if err != nil {
		return err
	}
	if p.url, err = p.listen(s.Listen, secured, newHTTPServer(srv.Handler(), log)); err != nil {
		return err
	}
	// Before the listeners, which meanwhile tell newcomers that the relay is draining.
	p.stop.push("sessions", func(ctx context.Context) error {
		srv.Drain(ctx, p.grace)
		return nil
	})
	return nil
}

// newServer makes the server with all that it works with.
func (p *process) newServer(ctx context.Context, s *settings, log zerolog.Logger) (*relay.Server, error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	kept, err := p.openBooks(ctx, s, registry, log) // first, so that it is stopped last
	if err != nil {
		return nil, err
	}
	providers, err := p.openProviders(ctx, s, log)
	if err != nil {
		return nil, err
	}
	table, err := routing.New(s.Routing)
	if err != nil {
		return nil, fmt.Errorf("routes: %w", err)
	}
	return relay.New(relayConfig(s), relay.Parts{
		Table:     table,
		Providers: providers,
		Circuit:   s.Circuit,
		Prices:    s.Prices,
		Store:     kept.store,
		Budgets:   kept.budgets,
		Ledger:    kept.ledger,
		Reports:   kept.reports,
		Standing:  kept.standing,
		Registry:  registry,
		Log:       log,
	})
}

// openProviders opens what can speak, in the order of the file.
func (p *process) openProviders(ctx context.Context, s *settings, log zerolog.Logger) ([]*relay.Provider, error) {
	var opened []*relay.Provider
	for _, ps := range s.Providers {
		env := ps.Env
		env.Log = log.With().Str("provider", ps.Name).Logger()
		provider, err := ps.Driver.Open(ps.Options, env)
		if err != nil {
			return nil, fmt.Errorf("provider %s: %w", ps.Name, err)
		}
		p.stop.push("provider "+ps.Name, func(context.Context) error { return provider.Close() })
		if w, ok := provider.(upstream.Warmer); ok {
			w.Warm(ctx)
		}
		opened = append(opened, &relay.Provider{
			Provider: provider, Name: ps.Name, Adapter: ps.Driver.Name(), MaxConcurrent: ps.Env.MaxConcurrent,
		})
	}
	return opened, nil
}

// Bounds on a request before it has become a session.
const (
	headerTimeout  = 10 * time.Second
	idleTimeout    = time.Minute
	maxHeaderBytes = 16 << 10
)

func newHTTPServer(handler http.Handler, log zerolog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          stdlog.New(log.With().Str("from", "http").Logger(), "", 0),
	}
}

// listen serves on an address, and returns the URL under which it is reached.
func (p *process) listen(address string, secured *tls.Config, server *http.Server) (string, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("listen: %w", err)
	}
	url := "http://" + listener.Addr().String()
	if secured != nil {
		listener = tls.NewListener(listener, secured)
		url = "https://" + listener.Addr().String()
	}
	served := make(chan struct{})
	go func() { // ends with the server; the step below waits for it
		defer close(served)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			p.failed <- err
		}
	}()
	p.stop.push("listener "+address, func(ctx context.Context) error {
		err := server.Shutdown(ctx)
		<-served
		return err
	})
	return url, nil
}

func tlsFrom(files tlsConfig) (*tls.Config, error) {
	if files == (tlsConfig{}) {
		return nil, nil
	}
	certificate, err := tls.LoadX509KeyPair(files.Cert, files.Key)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	// WebSocket upgrades need HTTP/1.1.
	return &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12}, nil
}

// wait serves until ctx ends or a listener breaks, then stops.
func (p *process) wait(ctx context.Context, log zerolog.Logger) int {
	code := exitOK
	select {
	case <-ctx.Done():
		log.Info().Msg("stopping")
	case err := <-p.failed:
		log.Error().Err(err).Msg("no longer listening")
		code = exitFault
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.grace+stopPatience)
	defer cancel()
	if err := p.stop.run(ctx); err != nil {
		log.Error().Err(err).Msg("not stopped in order")
		return exitFault
	}
	log.Info().Msg("stopped")
	return code
}

// relayConfig is what clients may do, as the server takes it.
func relayConfig(s *settings) relay.Config {
	cfg := relay.Config{Hosts: s.Hosts, Origins: s.Origins, Local: relayKey(s.Local), MaxConnections: s.Limits.MaxConnections}
	for _, k := range s.Keys {
		cfg.Keys = append(cfg.Keys, relayKey(k))
	}
	return cfg
}

func relayKey(k keySettings) relay.Key {
	return relay.Key{
		Name:          k.Name,
		Tenant:        k.Tenant,
		Hash:          k.Hash,
		Admin:         k.Admin,
		Allow:         k.Allow,
		Limits:        k.Limits,
		TenantLimits:  k.TenantLimits,
		Strict:        k.Strict,
		Budget:        k.Budget,
		AllowUnpriced: k.AllowUnpriced,
	}
}
