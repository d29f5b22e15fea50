package wyoming

import (
	"voicerelay/upstream"
)

// What can go wrong.
var (
	unknownVoice = upstream.Meaning{Kind: upstream.Rejected, Message: "the server has no such voice"}
	failed       = upstream.Meaning{Kind: upstream.UpstreamError, Message: "the server failed"}
	silent       = upstream.Meaning{Kind: upstream.NoAudio, Message: "the server said nothing"}
	oddAudio     = upstream.Meaning{Kind: upstream.Garbled, Message: "the server's audio is no 16-bit mono at a rate that can be used"}
	unreadable   = upstream.Meaning{Kind: upstream.Garbled, Message: "the server sent what is no event"}
	tooLong      = upstream.Meaning{Kind: upstream.Garbled, Message: "the server sent an event that is too long"}
	unasked      = upstream.Meaning{Kind: upstream.Garbled, Message: "the server sent audio that nobody asked for"}
	dropped      = upstream.Meaning{Kind: upstream.Dropped, Message: "connection lost"}
	stuck        = upstream.Meaning{Kind: upstream.Dropped, Message: "the server takes no data"}
)

// errorCodes are those of an error event: names of Python's exceptions.
var errorCodes = map[string]upstream.Meaning{
	"VoiceNotFoundError": unknownVoice,
}

// codes lists how a stream can fail, for the documents.
func codes() []upstream.Entry {
	all := upstream.Entries("code of an error", errorCodes)
	return append(all,
		upstream.Entry{Where: "any other error", Meaning: failed},
		upstream.Entry{Where: "audio-stop", Code: "without audio", Meaning: silent},
		upstream.Entry{Where: "audio-start, audio-chunk", Code: "of an odd format", Meaning: oddAudio},
		upstream.Entry{Where: "event", Code: "that can't be read", Meaning: unreadable},
		upstream.Entry{Where: "event", Code: "beyond 64 KiB, or 1 MiB of data or audio", Meaning: tooLong},
		upstream.Entry{Where: "end of the connection", Code: "before the last audio-stop", Meaning: dropped},
	)
}

// codeError is the error of an error event, by its code.
func codeError(code string) *upstream.Error {
	if meaning, ok := errorCodes[code]; ok {
		return meaning.Error(code)
	}
	if !upstream.Identifier(code, upstream.LowerCase+upstream.UpperCase) {
		code = ""
	}
	return failed.Error(code)
}
