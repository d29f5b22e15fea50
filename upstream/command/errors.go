package command

import (
	"errors"
	"os/exec"
	"strconv"
	"syscall"

	"voicerelay/upstream"
)

// What can go wrong with a program.
var (
	notStarted   = upstream.Meaning{Kind: upstream.ConnectFailed, Message: "the program can't be started"}
	noFolder     = upstream.Meaning{Kind: upstream.ConnectFailed, Message: "there is no folder for the program to work in"}
	busy         = upstream.Meaning{Kind: upstream.Throttled, Message: "too many programs run already"}
	unknownVoice = upstream.Meaning{Kind: upstream.Rejected, Message: "the configuration has no such voice for the program"}
	failed       = upstream.Meaning{Kind: upstream.UpstreamError, Message: "the program failed"}
	died         = upstream.Meaning{Kind: upstream.UpstreamError, Message: "the program was ended by a signal"}
	silent       = upstream.Meaning{Kind: upstream.NoAudio, Message: "the program said nothing"}
	late         = upstream.Meaning{Kind: upstream.FirstAudioTimeout, Message: "the program said nothing in time"}
	slow         = upstream.Meaning{Kind: upstream.Stalled, Message: "the program took too long"}
	tooMuch      = upstream.Meaning{Kind: upstream.Garbled, Message: "the program wrote too much"}
	notAudio     = upstream.Meaning{Kind: upstream.Garbled, Message: "the program wrote no WAV file of mono samples"}
	oddRate      = upstream.Meaning{Kind: upstream.Garbled, Message: "the program's sample rate can't be used"}
	unread       = upstream.Meaning{Kind: upstream.Dropped, Message: "the program's output can't be read"}
)

// codes lists how programs end, for the documents.
func codes() []upstream.Entry {
	return []upstream.Entry{
		{Where: "exit status", Code: "0, with nothing to hear", Meaning: silent},
		{Where: "exit status", Code: "any other", Meaning: failed},
		{Where: "signal", Code: "any", Meaning: died},
		{Where: "start", Code: "not possible", Meaning: notStarted},
		{Where: "timeout", Code: "before any audio", Meaning: late},
		{Where: "timeout", Code: "after it", Meaning: slow},
		{Where: "timeout", Code: "waiting for other programs", Meaning: busy},
		{Where: "standard output", Code: "beyond max_output_bytes", Meaning: tooMuch},
		{Where: "standard output", Code: "no WAV of mono samples", Meaning: notAudio},
		{Where: "standard output", Code: "of an odd sample rate", Meaning: oddRate},
	}
}

// exitError is the error of a program that did not end well; its code is the exit status or the signal's number.
func exitError(err error) *upstream.Error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return failed.Error("")
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return died.Error("signal " + strconv.Itoa(int(status.Signal())))
	}
	return failed.Error("exit status " + strconv.Itoa(exit.ExitCode()))
}
