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

	"voicerelay/config"
	"voicerelay/logging"
	"voicerelay/upstream/emulator"

	"github.com/rs/zerolog"

	"github.com/voicerelay/voicerelay/client"
	"github.com/voicerelay/voicerelay/client/protocol"
)

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
		fmt.Fprintln(std.err, "relay demo:", logging.PrintableLines(err.Error()))
		code = exitFault
	}
	if err := vendors.run(context.WithoutCancel(ctx)); err != nil {
		fmt.Fprintln(std.err, "relay demo:", err)
		code = exitFault
	}
	return code
}

func runDemo(ctx context.Context, once bool, vendors *stopper, std stdio) error {
	cast := demoVendors()
	urls, err := startVendors(cast, demoSpeaker(vendors), vendors)
	if err != nil {
		return err
	}
	first := cast[0].adapter
	faulty, url, err := emulator.NewTrouble(urls[first])
	if err != nil {
		return err
	}
	urls[first] = url
	vendors.push("the first vendor's troubles", providerPatience, faulty.Close)
	books, err := os.MkdirTemp("", "voicerelay-demo") // a ledger that is gone with the demo
	if err != nil {
		return err
	}
	vendors.push("ledger's folder", ledgerPatience, func(context.Context) error { return os.RemoveAll(books) })
	p, err := startDemoRelay(ctx, demoParts{cast, urls, books, faulty}, std)
	if err != nil {
		return err
	}
	serving, cancel := context.WithCancel(ctx)
	defer cancel()
	fmt.Fprintf(std.out, "relay listening on %s\n\n", p.url)
	err = speakDemo(ctx, p.url, cast, std)
	if err == nil && !once {
		fmt.Fprintf(std.out, "Try it: go run ./cmd/relay say -url %s -o hello.wav \"Hello there.\"\n", p.url)
		fmt.Fprintf(std.out, "Serving until you stop it with Ctrl-C.\nSee and hear it in a browser: %s/console\n", p.url)
		<-ctx.Done()
	}
	cancel()
	if p.wait(serving, zerolog.Nop(), reloads{}) != exitOK {
		err = errors.Join(err, errors.New("the relay did not stop in order"))
	}
	return err
}

// demoParts are what the demo's relay works with.
type demoParts struct {
	cast   []demoVendor
	urls   map[string]string // of the vendors
	books  string            // the ledger's folder
	faulty *emulator.Trouble // what stands before the first vendor
}

// startDemoRelay listens on port 8080, or on a free one where that is taken.
func startDemoRelay(ctx context.Context, parts demoParts, std stdio) (*process, error) {
	address := "127.0.0.1:8080"
	if probe, err := net.Listen("tcp", address); err != nil {
		fmt.Fprintln(std.out, "Port 8080 is taken, so the demo takes a free one.")
		address = "127.0.0.1:0"
	} else if err := probe.Close(); err != nil {
		return nil, err
	}
	s, _, err := config.Parse("demo", demoConfig(address, parts.cast, parts.urls), configEnvironment())
	if err != nil {
		return nil, err
	}
	s.ShutdownGrace = time.Second
	s.Books.Ledger.Path = filepath.Join(parts.books, "ledger.db")
	return start(ctx, s, newLogForm(s, std.err).Logger(), extras{demo: parts.faulty})
}

// speakDemo speaks a sentence through each vendor and one through a failover, and leaves their audio in a file.
func speakDemo(ctx context.Context, url string, cast []demoVendor, std stdio) error {
	c, err := client.Dial(ctx, client.Config{URL: url})
	if err != nil {
		return err
	}
	defer c.Close()
	path := filepath.Join(os.TempDir(), "voicerelay-demo.wav")
	sink, err := openSink(path, std.out)
	if err != nil {
		return err
	}
	if err := speakScenes(ctx, c, scenes(cast), sink, std); err != nil {
		return errors.Join(err, sink.close())
	}
	if err := sink.close(); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "You can hear them all in %s\n\n", path)
	return nil
}

// scene is a sentence of the demo.
type scene struct{ title, route, text string }

func scenes(cast []demoVendor) []scene {
	var all []scene
	for _, v := range cast {
		text := fmt.Sprintf("Hello, this is the relay speaking, and the voice that you hear is by %s.", v.title)
		all = append(all, scene{v.title, v.adapter, text})
	}
	return append(all, scene{
		"A failover: the first vendor refuses", "default",
		"The first vendor said no, so another one speaks this sentence for you.",
	})
}

func speakScenes(ctx context.Context, c *client.Client, all []scene, sink *wavSink, std stdio) error {
	for _, s := range all {
		fmt.Fprintf(std.out, "%s: %q\n", s.title, s.text)
		u := utterance{route: s.route, text: strings.NewReader(s.text)}
		result, err := speak(ctx, c, u, listener{audio: sink.write})
		if err != nil {
			return err
		}
		printUsage(std, result)
	}
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
