package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/protocol"
	"voicerelay/upstream/emulator"
)

// demoFile is the demo's configuration. Its two providers are emulators, of which the second refuses whoever comes.
const demoFile = `
listen: %s
log: {level: error, format: console}
providers:
  kugelaudio: {adapter: kugelaudio, url: "%s", api_key: demo-key, max_concurrent: 10, warm: 1}
  refusing:   {adapter: kugelaudio, url: "%s", api_key: demo-key}
routes:
  default:  {targets: [{provider: kugelaudio, model: kugel-3}]}
  failover: {targets: [{provider: refusing, model: kugel-3}, {provider: kugelaudio, model: kugel-3}]}
voices:
  narrator: {language: en, ids: {kugelaudio: "1071", refusing: "1071"}}
prices:
  - {provider: refusing, unit: audio_second, amount: "0.0009", currency: EUR}
`

// demoTexts are spoken one after the other.
func demoTexts() []struct{ route, title, text string } {
	return []struct{ route, title, text string }{
		{"default", "One sentence", "Hello, this is the relay speaking, and every word of it came through your own machine."},
		{"failover", "One more, whose first vendor refuses", "The first vendor said no, so another one speaks this sentence for you."},
	}
}

// demo shows the relay at work without a key or a file: `relay demo`. It serves until it is stopped.
func demo(ctx context.Context, args []string, std stdio) int {
	flags := flag.NewFlagSet("relay demo", flag.ContinueOnError)
	once := flags.Bool("once", false, "end after the sentences")
	if done, code := parseFlags(flags, args, std.err); done {
		return code
	}
	if !noArguments(flags, std.err) {
		return exitUsage
	}
	var vendors stopper
	code := exitOK
	if err := runDemo(ctx, *once, &vendors, std); err != nil {
		fmt.Fprintln(std.err, "relay demo:", err)
		code = exitFault
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
	defer cancel()
	if err := vendors.run(stopping); err != nil {
		fmt.Fprintln(std.err, "relay demo:", err)
		code = exitFault
	}
	return code
}

func runDemo(ctx context.Context, once bool, vendors *stopper, std stdio) error {
	well, err := startVendor(emulator.Options{Seed: 1, APIKey: "demo-key", Speech: true}, vendors)
	if err != nil {
		return err
	}
	refuse, err := emulator.ParseFault("refuse")
	if err != nil {
		return err
	}
	refusing, err := startVendor(emulator.Options{Seed: 2, APIKey: "demo-key", Fault: refuse}, vendors)
	if err != nil {
		return err
	}
	p, err := startDemoRelay(ctx, well, refusing, std)
	if err != nil {
		return err
	}
	serving, cancel := context.WithCancel(ctx)
	defer cancel()
	fmt.Fprintf(std.out, "relay listening on %s\n\n", p.url)
	err = speakDemo(ctx, p.url, std)
	if err == nil && !once {
		fmt.Fprintf(std.out, "Try it: go run ./cmd/relay say -url %s -o hello.wav \"Hello there.\"\nServing until you stop it with Ctrl-C.\n", p.url)
		<-ctx.Done()
	}
	cancel()
	if p.wait(serving, zerolog.Nop()) != exitOK {
		err = errors.Join(err, errors.New("the relay did not stop in order"))
	}
	return err
}

func startVendor(o emulator.Options, vendors *stopper) (url string, err error) {
	server, err := emulator.New("kugelaudio", o)
	if err != nil {
		return "", err
	}
	url, err = server.Start("127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("emulator: %w", err)
	}
	vendors.push("emulator", func(context.Context) error { return server.Close() })
	return url, nil
}

// startDemoRelay listens on port 8080, or on a free one where that is taken.
func startDemoRelay(ctx context.Context, well, refusing string, std stdio) (*process, error) {
	address := "127.0.0.1:8080"
	if probe, err := net.Listen("tcp", address); err != nil {
		fmt.Fprintln(std.out, "Port 8080 is taken, so the demo takes a free one.")
		address = "127.0.0.1:0"
	} else if err := probe.Close(); err != nil {
		return nil, err
	}
	file := fmt.Sprintf(demoFile, address, well, refusing)
	s, _, err := parseConfig("demo", []byte(file), environment{lookup: os.LookupEnv, read: readSecret, drivers: drivers()})
	if err != nil {
		return nil, err
	}
	s.ShutdownGrace = time.Second
	return start(ctx, s, newLog(s, std.err))
}

// speakDemo speaks the demo's texts, and leaves their audio in a file.
func speakDemo(ctx context.Context, url string, std stdio) error {
	dialing, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	client, err := dialSpeaker(dialing, url, "")
	if err != nil {
		return err
	}
	defer client.close()
	path := filepath.Join(os.TempDir(), "voicerelay-demo.wav")
	sink, err := openSink(path, std.out)
	if err != nil {
		return err
	}
	for i, t := range demoTexts() {
		fmt.Fprintf(std.out, "%s: %q\n", t.title, t.text)
		u := utterance{id: fmt.Sprintf("demo-%d", i), route: t.route, text: strings.NewReader(t.text)}
		result, err := client.speak(ctx, u, listener{audio: sink.write})
		if err != nil {
			return errors.Join(err, sink.close())
		}
		printUsage(std, result)
	}
	if err := sink.close(); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "You can hear both in %s\n\n", path)
	return nil
}

// printUsage shows who spoke, how fast, and what each attempt cost.
func printUsage(std stdio, h *heard) {
	fmt.Fprintf(std.out, "  %s\n", h.describe())
	for _, a := range h.done.Usage.Attempts {
		outcome := a.Outcome
		if a.Code != "" {
			outcome += " (" + a.Code + ")"
		}
		fmt.Fprintf(std.out, "  attempt at %s: %s, %d characters, %.1f s, cost %s\n",
			a.Provider, outcome, a.Characters, float64(a.AudioMS)/1000, costs([]protocol.Cost{a.Cost}))
	}
	fmt.Fprintln(std.out)
}
