package main

import (
	"context"
	"errors"
	"os"

	"github.com/rs/zerolog"

	"voicerelay/audio/codec"
	"voicerelay/config"
	"voicerelay/logging"
	"voicerelay/routing"
	"voicerelay/server"
)

// reloads is when a process is to load its configuration again, and from where. The zero value is never.
type reloads struct {
	asked <-chan os.Signal
	path  string
	form  *logging.Form
}

// reload puts the file, as it is now, in force. A faulty one changes nothing, and the log has its faults.
func (p *process) reload(ctx context.Context, from reloads, log zerolog.Logger) {
	s, warnings, err := config.Load(from.path, configEnvironment())
	logWarnings(warnings, log)
	if err == nil {
		err = p.apply(ctx, s, log)
	}
	if err != nil {
		p.metrics.refused()
		p.noteRefused(err)
		refuseReload(err, log)
		return
	}
	p.metrics.taken()
	from.form.Apply(s.LogLevel, s.LogConsole)
	if s.Open() {
		logOpen(log)
	}
	log.Info().Str("configuration", s.Summary()).Msg("configuration reloaded")
}

// refuseReload logs why a configuration is not in force, with a line for each fault in it.
func refuseReload(err error, log zerolog.Logger) {
	var faulty *config.Error
	if !errors.As(err, &faulty) {
		log.Error().Err(err).Msg("configuration not reloaded, the former one stays")
		return
	}
	for _, f := range faulty.Faults {
		log.Error().Str("at", f.String()).Msg("configuration")
	}
	log.Error().Int("faults", len(faulty.Faults)).Msg("configuration not reloaded, the former one stays")
}

// apply puts settings in force, but for what needs a restart. Where it fails, all is as it was.
func (p *process) apply(ctx context.Context, s *config.Settings, log zerolog.Logger) error {
	if s.Open() && !config.IsLoopback(p.settings.Listen) {
		return errors.New("no keys are left, and the relay listens beyond this machine")
	}
	table, err := routing.New(s.Routing)
	if err != nil {
		return err
	}
	renewCertificate, err := p.rereadCertificate(s)
	if err != nil {
		return err
	}
	next, err := openProviders(ctx, s.Providers, p.speakers, surroundings{p.awake, log})
	if err != nil {
		return err
	}
	encoders, err := p.renewEncoders(ctx, s, log)
	if err != nil {
		return errors.Join(err, next.without(p.speakers).close())
	}
	p.keepPrices(s.Prices) // before anyone is admitted by them
	former, err := p.server.Reload(p.relayConfig(s), server.Parts{
		Table: table, Providers: next.providers(), Circuit: s.Circuit, Prices: s.Prices, Codecs: encoders,
	})
	if err != nil {
		return errors.Join(err, next.without(p.speakers).close(), replaced(encoders, p.encoders).Close())
	}
	if err := p.useSinks(ctx, s); err != nil {
		log.Error().Err(err).Msg("sinks of events are not in force: nothing is sent until the next reload")
	}
	renewCertificate()
	p.retire(former, p.speakers.without(next), replaced(p.encoders, encoders), log)
	p.speakers, p.encoders = next, encoders
	p.settings = s.KeepFixed(p.settings, log)
	p.noteLoaded(p.settings)
	return nil
}

// rereadCertificate reads what the files of the certificate have now, and returns what puts it in force. Where they are
// to be others, which needs a restart, the former ones may be gone, and nothing is read.
func (p *process) rereadCertificate(s *config.Settings) (renew func(), err error) {
	if p.certificate == nil || s.TLS != p.settings.TLS {
		return func() {}, nil
	}
	read, err := p.certificate.read()
	return func() { p.certificate.now.Store(read) }, err
}

// retire closes providers and encoders that are no longer configured when no generation speaks by them: neither one that began under
// the former configuration, nor under one before it.
func (p *process) retire(former <-chan struct{}, gone providerSet, encoders *codec.Set, log zerolog.Logger) {
	earlier, closed := p.retired, make(chan struct{})
	p.retired = closed
	go func() { // the stop step "former providers" waits for it
		defer close(closed)
		<-former
		<-earlier
		if err := gone.close(); err != nil {
			log.Error().Err(err).Msg("former provider not closed in order")
		}
		if err := encoders.Close(); err != nil {
			log.Error().Err(err).Msg("former encoders not closed in order")
		}
		for _, m := range gone {
			log.Info().Str("provider", m.settings.Name).Msg("former provider closed")
		}
	}()
}

// awaitRetired returns once all former providers and encoders are closed.
func (p *process) awaitRetired(ctx context.Context) error {
	select {
	case <-p.retired:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
