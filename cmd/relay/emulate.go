package main

import (
	"context"
	"flag"
	"fmt"

	"voicerelay/upstream/emulator"
)

// emulate runs one vendor's emulator: `relay emulate -vendor kugelaudio -listen 127.0.0.1:9000 [-fault stall:400ms]`.
func emulate(ctx context.Context, args []string, std stdio) int {
	flags := flag.NewFlagSet("relay emulate", flag.ContinueOnError)
	vendor := flags.String("vendor", "kugelaudio", "whose `protocol` to speak")
	listen := flags.String("listen", "127.0.0.1:0", "the `address` to listen on")
	fault := flags.String("fault", "", "what goes wrong, as `KIND[:AFTER]`: "+emulator.FaultKinds())
	seed := flags.Uint64("seed", 1, "draws what is not known of the vendor, and the lengths of words")
	key := flags.String("key", "", "the API `key` to accept; empty: any")
	pace := flags.Float64("pace", 0, "seconds of audio a second; 0: as fast as it goes")
	distance := flags.Duration("distance", 0, "how long bytes take to the vendor, and from it")
	speech := flags.Bool("speech", false, "speak real words, where espeak-ng is installed")
	if done, code := parseFlags(flags, args, std.err); done {
		return code
	}
	if !noArguments(flags, std.err) {
		return exitUsage
	}
	parsed, err := emulator.ParseFault(*fault)
	if err != nil {
		fmt.Fprintln(std.err, "relay emulate: -fault:", err)
		return exitUsage
	}
	server, err := emulator.New(*vendor, emulator.Options{
		Seed: *seed, APIKey: *key, Fault: parsed, Pace: *pace, Distance: *distance, Speech: *speech,
	})
	if err != nil {
		fmt.Fprintln(std.err, "relay emulate:", err)
		return exitUsage
	}
	url, err := server.Start(*listen)
	if err != nil {
		fmt.Fprintln(std.err, "relay emulate:", err)
		return exitFault
	}
	fmt.Fprintf(std.out, "%s emulator listening on %s\n", *vendor, url)
	<-ctx.Done()
	if err := server.Close(); err != nil {
		fmt.Fprintln(std.err, "relay emulate:", err)
		return exitFault
	}
	return exitOK
}
