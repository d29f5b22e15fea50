package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/rs/zerolog"

	"voicerelay/awake"
	"voicerelay/config"
	"voicerelay/logging"
	"voicerelay/routing"
	"voicerelay/server"
	"voicerelay/tracing"
)

// collectAt is how many percent the memory in use may grow by before garbage is collected, unless GOGC says otherwise. It
// is half of what is usual: frames leave no garbage, so that memory costs more than collecting does.
const collectAt = 50

// serve runs the relay: `relay serve [-config config.yaml]`. It ends with an interrupt or SIGTERM, and reads its
// configuration again with SIGHUP.
func serve(ctx context.Context, args []string, std stdio) int {
	flags := flag.NewFlagSet("relay serve", flag.ContinueOnError)
	path := flags.String("config", "config.yaml", "the configuration `file`")
	if done, code := parseServing(flags, args, std.err); done {
		return code
	}
	// Before the file is read: a SIGHUP that nothing waits for would end the process. Several at once are one.
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP)
	defer signal.Stop(asked)
	s, warnings, err := config.Load(*path, configEnvironment())
	if err != nil {
		refuseStart(std.err, "configuration", strings.Split(err.Error(), "\n")...)
		return exitFault
	}
	form := newLogForm(s, std.err)
	log := form.Logger()
	logging.TakeLibraries(log)
	tracing.TakeLibraries(log)
	logWarnings(warnings, log)
	if s.Open() {
		logOpen(log)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	p, err := startTraced(ctx, s, log)
	if err != nil {
		log.Error().Err(err).Msg("not started")
		return exitFault
	}
	log.Info().Str("url", p.url).Str("version", ownVersion()).Msg("started")
	fmt.Fprintf(std.out, "relay listening on %s\n", p.url)
	return p.wait(ctx, log, reloads{asked: asked, path: *path, form: form})
}

// parseServing parses the command line, and says in the log's form what is wrong with it.
func parseServing(flags *flag.FlagSet, args []string, stderr io.Writer) (done bool, code int) {
	var told bytes.Buffer
	done, code = parseFlags(flags, args, &told)
	if !done && !noArguments(flags, &told) {
		done, code = true, exitUsage
	}
	if code == exitUsage {
		refuseStart(stderr, "command line", strings.Split(strings.TrimSpace(told.String()), "\n")...)
	} else {
		_, _ = stderr.Write(told.Bytes()) // what -h asks for
	}
	return done, code
}

// startTraced is start with the tracer that the environment asks for, if it does.
func startTraced(ctx context.Context, s *config.Settings, log zerolog.Logger) (*process, error) {
	tracer, err := tracing.New(ctx, ownVersion(), log)
	if err != nil {
		return nil, err
	}
	return start(ctx, s, log, extras{tracer: tracer})
}

// start builds a relay and begins to serve. Where it fails, nothing is left running, but for the extras.
func start(ctx context.Context, s *config.Settings, log zerolog.Logger, with extras) (*process, error) {
	none := make(chan struct{}) // no provider of former settings is left to wait for
	close(none)
	p := &process{failed: make(chan error, 2), awake: awake.New(), memory: readMemoryLimits(), settings: s, retired: none, extras: with}
	if err := p.build(ctx, s, log); err != nil {
		return nil, errors.Join(err, p.stop.run(context.WithoutCancel(ctx)))
	}
	return p, nil
}

func (p *process) build(ctx context.Context, s *config.Settings, log zerolog.Logger) (err error) {
	p.noteLoaded(s)
	p.stayAwake(ctx, log) // first: until the end whatever is late is judged by it
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if p.server, err = p.newServer(ctx, s, registry, log); err != nil {
		return err
	}
	if s.AdminListen != "" {
		if _, err := p.listen(s.AdminListen, nil, newHTTPServer(p.server.AdminHandler(), p.server)); err != nil {
			return err
		}
	}
	if p.certificate, err = openCertificate(s.TLS); err != nil {
		return err
	}
	if err := registerCertificate(registry, p.certificate); err != nil {
		return err
	}
	if p.url, err = p.listen(s.Listen, p.certificate.config(), newHTTPServer(p.server.Handler(), p.server)); err != nil {
		return err
	}
	p.watch(ctx)
	// Before the listeners, which until then tell newcomers that the relay is draining.
	patience := func() time.Duration { return p.settings.DrainDelay + p.settings.ShutdownGrace + sessionPatience }
	p.stop.pushWithin("sessions", patience, func(ctx context.Context) error {
		p.server.GoAway(ctx, p.settings.DrainDelay)
		p.server.Drain(ctx, p.settings.ShutdownGrace)
		return nil
	})
	return nil
}

// newServer makes the server with all that it works with.
func (p *process) newServer(ctx context.Context, s *config.Settings, registry *prometheus.Registry, log zerolog.Logger) (*server.Server, error) {
	var err error
	if p.metrics, err = newProcessMetrics(registry); err != nil {
		return nil, err
	}
	kept, err := p.openBooks(ctx, s, registry, log) // first, so that it is stopped last
	if err != nil {
		return nil, err
	}
	p.pushTracer(log)
	if p.speakers, err = openProviders(ctx, s.Providers, nil, surroundings{p.awake, log}); err != nil {
		return nil, err
	}
	p.stop.push("former providers", providerPatience, p.awaitRetired)
	p.stop.push("providers", providerPatience, func(context.Context) error { return p.speakers.close() })
	p.encoders = findEncoders(ctx, s, log)
	p.stop.push("encoders", providerPatience, func(context.Context) error { return p.encoders.Close() })
	table, err := routing.New(s.Routing)
	if err != nil {
		return nil, fmt.Errorf("routes: %w", err)
	}
	return server.New(p.relayConfig(s), server.Parts{
		Table:         table,
		Providers:     p.speakers.providers(),
		Circuit:       s.Circuit,
		Prices:        s.Prices,
		Codecs:        p.encoders,
		Store:         kept.store,
		Budgets:       kept.budgets,
		Alert:         kept.alert,
		Circuits:      p.circuitChanged,
		Ledger:        kept.ledger,
		Reports:       kept.reports,
		PriceLists:    kept.lists,
		Standing:      kept.standing,
		Peers:         kept.peers,
		Conversations: kept.calls,
		Identity:      identity(kept.name),
		Demo:          p.demo,
		Awake:         p.awake,
		Registry:      registry,
		Tracer:        p.shownBy(),
		Log:           log,
		Dialects:      dialects(),
		Configuration: func() server.Configuration { return *p.loaded.Load() },
	})
}

// Bounds on a request before it has become a session. None of them is a setting, since no honest client comes near.
const (
	headerTimeout  = 10 * time.Second // TLS and a header take a slow network some seconds; the rest is time for attackers
	idleTimeout    = time.Minute      // between two requests; WebSockets have idle_timeout
	maxHeaderBytes = 16 << 10         // a key takes 100 bytes, and proxies add a few hundred; each connection may hold it
)

func newHTTPServer(handler http.Handler, server *server.Server) *http.Server {
	bounded := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          server.ErrorLog(),
	}
	server.BoundConns(bounded)
	return bounded
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
	p.stop.push("listener "+address, 2*listenerPatience, func(ctx context.Context) error {
		defer func() { <-served }()
		return shutDown(ctx, server)
	})
	return url, nil
}

// shutDown lets answers under way end for a while, and closes the connections that are left then. Clients that hang are
// no fault of the stop.
func shutDown(ctx context.Context, server *http.Server) error {
	ctx, cancel := context.WithTimeout(ctx, listenerPatience)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return err
}

// wait serves until ctx ends or a listener breaks, then stops.
func (p *process) wait(ctx context.Context, log zerolog.Logger, again reloads) int {
	code := p.serve(ctx, log, again)
	if err := p.stop.run(context.WithoutCancel(ctx)); err != nil {
		log.Error().Err(err).Msg("not stopped in order")
		return exitFault
	}
	log.Info().Msg("stopped")
	return code
}

// serve returns when the process is to stop. Nothing is reloaded from then on.
func (p *process) serve(ctx context.Context, log zerolog.Logger, again reloads) (code int) {
	for {
		select {
		case <-again.asked:
			p.reload(ctx, again, log)
		case <-ctx.Done():
			log.Info().Msg("stopping")
			return exitOK
		case err := <-p.failed:
			log.Error().Err(err).Msg("no longer listening")
			return exitFault
		}
	}
}
