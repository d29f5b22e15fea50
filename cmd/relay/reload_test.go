package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/config"
	"voicerelay/relay/providers"
	"voicerelay/upstream"
)

// reloadable is a process that runs by a file, and what it has logged.
type reloadable struct {
	*process
	t    *testing.T
	from reloads
	log  bytes.Buffer
}

func serveFile(t *testing.T, file string) *reloadable {
	t.Helper()
	r := &reloadable{t: t, from: reloads{path: filepath.Join(t.TempDir(), "config.yaml")}}
	r.write(file)
	s, _, err := config.Load(r.from.path, configEnvironment())
	if err != nil {
		t.Fatal(err)
	}
	r.from.form = newLogForm(s, &r.log)
	if r.process, err = start(t.Context(), s, zerolog.Nop(), extras{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.stop.run(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return r
}

func (r *reloadable) write(file string) {
	r.t.Helper()
	file = strings.Replace(file, "LEDGER", filepath.Join(filepath.Dir(r.from.path), "ledger.db"), 1)
	if err := os.WriteFile(r.from.path, []byte(file), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// again reloads another file, and returns what was logged.
func (r *reloadable) again(file string) string {
	r.t.Helper()
	r.write(file)
	r.log.Reset()
	r.reload(r.t.Context(), r.from, r.from.form.Logger())
	return r.log.String()
}

// toneLines are what every file here has.
const toneLines = `
providers: {tone: {adapter: tone}}
routes: {default: {targets: [{provider: tone}]}}
voices: {narrator: {ids: {tone: low}}}
shutdown_grace: 1s
ledger: {path: LEDGER}
`

// writePair writes a fresh certificate with a serial number, and its key.
func writePair(t *testing.T, cert, key string, serial int64) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)}
	public, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: public},
		key:  {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// shown is the serial number of the certificate that clients see.
func (p *process) shown(t *testing.T) int64 {
	t.Helper()
	conn, err := tls.Dial("tcp", strings.TrimPrefix(p.url, "https://"), &tls.Config{InsecureSkipVerify: true}) // it is its own authority
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func TestReloadRenewsTheCertificate(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writePair(t, cert, key, 1)
	file := fmt.Sprintf("listen: 127.0.0.1:0\ntls: {cert: %q, key: %q}", cert, key) + toneLines
	r := serveFile(t, file)
	if got := r.shown(t); got != 1 {
		t.Fatalf("certificate %d, want 1", got)
	}
	writePair(t, cert, key, 2)
	r.again(file)
	if got := r.shown(t); got != 2 {
		t.Errorf("certificate %d after a reload, want 2", got)
	}
	if err := os.WriteFile(cert, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if log := r.again(file); !strings.Contains(log, "the former one stays") || r.shown(t) != 2 {
		t.Errorf("certificate %d after a faulty one, want 2: %s", r.shown(t), log)
	}
	other := filepath.Join(dir, "other.pem")
	writePair(t, other, key, 3)
	file = strings.Replace(file, "cert.pem", "other.pem", 1)
	if log := r.again(file); !strings.Contains(log, `"at":"tls"`) || r.shown(t) != 2 {
		t.Errorf("certificate %d after other paths, want 2 until a restart: %s", r.shown(t), log)
	}
}

// A relay that other machines reach never runs without keys, whatever the file says of the address.
func TestReloadKeepsKeysBeyondThisMachine(t *testing.T) {
	r := serveFile(t, "listen: 0.0.0.0:0\nkeys: [{name: bot, tenant: acme, key: 0123456789abcdef}]"+toneLines)
	if log := r.again("listen: 127.0.0.1:0" + toneLines); !strings.Contains(log, "listens beyond this machine") {
		t.Errorf("got %s", log)
	}
	if len(r.settings.Keys) != 1 {
		t.Error("the keys are gone")
	}
}

// The log has another level and form with the next line.
func TestReloadOfTheLog(t *testing.T) {
	file := "listen: 127.0.0.1:0" + toneLines
	r := serveFile(t, file)
	log := r.from.form.Logger().With().Str("session_id", "s1").Logger() // of a session that began before
	tests := []struct{ setting, info, warning string }{
		{"", `"message":"info"`, `"message":"warning"`},
		{"\nlog: {level: warn, format: json}", "", `"message":"warning"`},
		{"\nlog: {level: info, format: console}", "INF info", "WRN warning"},
	}
	for _, test := range tests {
		r.again(file + test.setting)
		for message, want := range map[string]string{"info": test.info, "warning": test.warning} {
			r.log.Reset()
			if message == "info" {
				log.Info().Msg(message)
			} else {
				log.Warn().Msg(message)
			}
			got := r.log.String()
			got = strings.NewReplacer("\x1b[32m", "", "\x1b[33m", "", "\x1b[1m", "", "\x1b[0m", "").Replace(got)
			if !strings.Contains(got, want) || (want == "") != (got == "") {
				t.Errorf("%s: got %q, want %q", test.setting, got, want)
			}
		}
	}
}

// settingsOf is the one provider of a file.
func settingsOf(t *testing.T, file string) []config.ProviderSettings {
	t.Helper()
	find := func(program string) (string, error) { return program, nil }
	s, _, err := config.Parse("test", []byte(file), config.Environment{Lookup: os.LookupEnv, Read: config.ReadSecret, Find: find, Drivers: drivers()})
	if err != nil {
		t.Fatal(err)
	}
	return s.Providers
}

func TestProvidersThatStay(t *testing.T) {
	const kugelaudio = `
providers: {a: {adapter: kugelaudio, url: "ws://127.0.0.1:1", api_key: one, max_concurrent: 2}}
routes: {default: {targets: [{provider: a}]}}
voices: {narrator: {ids: {a: "1"}}}
`
	program := strings.Replace(kugelaudio, `{adapter: kugelaudio, url: "ws://127.0.0.1:1", api_key: one, max_concurrent: 2}`,
		"{adapter: command, options: {command: [say, '{voice}']}}", 1)
	tests := map[string]struct {
		file, old, new string
		stays          bool
	}{
		"the same":             {kugelaudio, "", "", true},
		"another voice":        {kugelaudio, `ids: {a: "1"}`, `ids: {a: "2"}`, true},
		"a default spelt out":  {kugelaudio, "max_concurrent: 2", "max_concurrent: 2, options: {contexts_per_socket: 6}", true},
		"another option":       {kugelaudio, "max_concurrent: 2", "max_concurrent: 2, options: {contexts_per_socket: 5}", false},
		"another key":          {kugelaudio, "api_key: one", "api_key: two", false},
		"another address":      {kugelaudio, "127.0.0.1:1", "127.0.0.1:2", false},
		"more streams":         {kugelaudio, "max_concurrent: 2", "max_concurrent: 3", false},
		"another share":        {kugelaudio, "max_concurrent: 2", "max_concurrent: 2, max_concurrent_per_tenant: 1", false},
		"sockets ahead":        {kugelaudio, "max_concurrent: 2", "max_concurrent: 2, warm: 1", false},
		"another adapter":      {kugelaudio, "adapter: kugelaudio", "adapter: vogent", false},
		"a program":            {program, "", "", true},
		"a program's voice":    {program, `ids: {a: "1"}`, `ids: {a: "2"}`, false},
		"a program's argument": {program, "[say, '{voice}']", "[say, -q, '{voice}']", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := settingsOf(t, test.file)
			after := settingsOf(t, strings.Replace(test.file, test.old, test.new, 1))
			if got := before[0].Same(after[0]); got != test.stays {
				t.Errorf("stays: got %t, want %t", got, test.stays)
			}
		})
	}
}

// closing is a provider that only counts how often it was closed.
type closing struct {
	upstream.Provider
	closed *int
}

func (c closing) Close() error {
	*c.closed++
	return nil
}

// Where one provider can't be opened, those that were are closed again, and those of before are not.
func TestLineupThatFailsLeavesNothingOpen(t *testing.T) {
	closed := map[string]*int{"stays": new(int), "opened": new(int)}
	driver := upstream.NewDriver("fake", struct{}{}, func(_ struct{}, env upstream.Env) (upstream.Provider, error) {
		if closed[env.Name] == nil {
			return nil, errors.New("no vendor")
		}
		return closing{closed: closed[env.Name]}, nil
	})
	settings := func(names ...string) (all []config.ProviderSettings) {
		for _, name := range names {
			all = append(all, config.ProviderSettings{
				Name: name, Driver: driver, Env: upstream.Env{Name: name}, Options: func(any) error { return nil },
			})
		}
		return all
	}
	former, err := openProviders(t.Context(), settings("stays"), nil, surroundings{log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openProviders(t.Context(), settings("opened", "stays", "broken"), former, surroundings{log: zerolog.Nop()}); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("got %v, want an error that names the provider", err)
	}
	if *closed["opened"] != 1 || *closed["stays"] != 0 {
		t.Errorf("closed %d and %d times, want what was opened alone", *closed["opened"], *closed["stays"])
	}
	next, err := openProviders(t.Context(), settings("stays", "opened"), former, surroundings{log: zerolog.Nop()})
	if err != nil || next[0].provider != former[0].provider || len(next.without(former)) != 1 {
		t.Errorf("got %v, %v; want the former provider and another", next, err)
	}
}

// A provider may still be needed by what began before the configuration that had it last was in force.
func TestFormerProvidersAreClosedInTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := make(chan struct{})
		close(over)
		p := &process{retired: over}
		first, second := make(chan struct{}), make(chan struct{})
		var closed [2]int
		for i, former := range []chan struct{}{first, second} {
			p.retire(former, providerSet{{provider: &providers.Provider{Provider: closing{closed: &closed[i]}}}}, nil, zerolog.Nop())
		}
		close(second)
		synctest.Wait()
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.awaitRetired(impatient); err == nil || closed != [2]int{} {
			t.Errorf("closed %v times, awaited %v; want nothing closed before the first is over", closed, err)
		}
		close(first)
		if err := p.awaitRetired(t.Context()); err != nil || closed != [2]int{1, 1} {
			t.Errorf("closed %v times, awaited %v; want each once", closed, err)
		}
	})
}
