package main

import (
	"context"
	"fmt"

	"github.com/rs/zerolog"

	"voicerelay/audio/codec"
	"voicerelay/config"
	"voicerelay/logging"
)

// findEncoders finds what compresses audio on this machine. The log has what does not work.
func findEncoders(ctx context.Context, s *config.Settings, log zerolog.Logger) *codec.Set {
	set, failed := codec.New(ctx, s.Encoders)
	for _, err := range failed {
		log.Warn().Err(err).Msg("encoder does not work")
	}
	log.Info().Str("encoders", set.Summary()).Msg("encoders")
	return set
}

// checkEncoders tells which encoders there are, for `relay check`. One that does not work is no fault of the file.
func checkEncoders(ctx context.Context, s *config.Settings, std stdio) int {
	set, failed := codec.New(ctx, s.Encoders)
	for _, err := range failed {
		fmt.Fprintln(std.err, "warning:", logging.Printable(err.Error()))
	}
	fmt.Fprintln(std.out, "encoders:", set.Summary())
	if err := set.Close(); err != nil {
		fmt.Fprintln(std.err, logging.Printable(err.Error()))
		return exitFault
	}
	return exitOK
}

// renewEncoders finds the encoders anew, since programs may have been installed. If they are the same, the former ones stay.
func (p *process) renewEncoders(ctx context.Context, s *config.Settings, log zerolog.Logger) (*codec.Set, error) {
	next := findEncoders(ctx, s, log)
	if next.Same(p.encoders) {
		return p.encoders, next.Close()
	}
	return next, nil
}

// replaced is a set, if another takes its place; else nil.
func replaced(set, by *codec.Set) *codec.Set {
	if set == by {
		return nil
	}
	return set
}
