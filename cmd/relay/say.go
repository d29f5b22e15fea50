package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"voicerelay/config"
	"voicerelay/logging"

	"github.com/voicerelay/voicerelay/client"
	"github.com/voicerelay/voicerelay/client/protocol"
)

// say speaks a text through a relay: `relay say [-url …] [-voice …] [-o out.wav] TEXT`. Without TEXT it speaks
// standard input as it comes.
func say(ctx context.Context, args []string, std stdio) int {
	flags := flag.NewFlagSet("relay say", flag.ContinueOnError)
	address := flags.String("url", "http://127.0.0.1:8080", "the relay's `address`")
	voice := flags.String("voice", "", "the voice's `name`; empty: the route's")
	route := flags.String("route", "", "the route's `name`; empty: default")
	out := flags.String("o", "", "the WAV `file` to write; - for standard output, which is what a pipe gets anyway")
	if done, code := parseFlags(flags, args, std.err); done {
		return code
	}
	u := utterance{voice: *voice, route: *route, text: std.in}
	if flags.NArg() > 0 {
		u.text = strings.NewReader(strings.Join(flags.Args(), " "))
	}
	if err := sayTo(ctx, *address, u, *out, std); err != nil {
		fmt.Fprintln(std.err, "relay say:", logging.PrintableLines(err.Error()))
		return exitFault
	}
	return exitOK
}

func sayTo(ctx context.Context, address string, u utterance, out string, std stdio) error {
	// The key comes from the environment, since a command line is everybody's to read.
	c, err := client.Dial(ctx, client.Config{
		URL: address, Key: strings.TrimRight(os.Getenv("RELAY_API_KEY"), config.LineEnds),
		Log: slog.New(slog.NewTextHandler(std.err, &slog.HandlerOptions{ReplaceAttr: withoutTime})),
	})
	if err != nil {
		return err
	}
	defer c.Close()
	sink, err := openSink(out, std.out)
	if err != nil {
		return err
	}
	progress := newProgress(std.err)
	result, err := speak(ctx, c, u, listener{
		started: progress.started,
		audio: func(samples []byte) error {
			progress.audio(len(samples) / 2)
			return sink.write(samples)
		},
	})
	progress.end()
	if closeErr := sink.close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(std.err, result.describe())
	if result.done.Error != nil {
		return result.done.Error
	}
	return nil
}

// withoutTime has a warning be a line that tells no time.
func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// progress shows what arrives, on a terminal only.
type progress struct {
	w       io.Writer // nil: nowhere
	begun   time.Time
	samples int
	by      string
}

func newProgress(w io.Writer) *progress {
	p := &progress{begun: time.Now()}
	if isTerminal(w) {
		p.w = w
	}
	return p
}

func (p *progress) started(s protocol.Started) {
	p.by = s.Provider
	if s.Model != nil {
		p.by += "/" + *s.Model
	}
	p.by = logging.Printable(p.by)
}

func (p *progress) audio(samples int) {
	p.samples += samples
	if p.w != nil {
		fmt.Fprintf(p.w, "\r%s: %.1f s of audio after %.1f s ", p.by, float64(p.samples)/speechRate, time.Since(p.begun).Seconds())
	}
}

func (p *progress) end() {
	if p.w != nil && p.samples > 0 {
		fmt.Fprint(p.w, "\r\033[K")
	}
}
