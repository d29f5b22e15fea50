package python_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"

	"voicerelay/audio"
	"voicerelay/upstream/emulator"
)

// speechLibraries are what speaks to servers of two shapes: OpenAI's own client, and the library of the Wyoming protocol.
var speechLibraries = []string{"openai==3.57.0", "wyoming==1.10.2"}

// library runs a sample with the libraries in a folder of its own.
func library(t *testing.T, sample string, args ...string) (dir string, all []map[string]any) {
	t.Helper()
	python := withPackages(t, "python3", speechLibraries...)
	path, err := filepath.Abs(sample)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	return dir, messages(lines(t, execute(t, dir, python, append([]string{path}, args...)...)), "", "")
}

// about is the message about a file of a sample's.
func about(all []map[string]any, name string) map[string]any {
	i := slices.IndexFunc(all, func(m map[string]any) bool { return m["name"] == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

func TestOpenAIsClientSpeaks(t *testing.T) {
	for _, quirks := range [][]string{
		{"errors:envelope", "buffered:false", "wavSize:4294967295", "sseNames:true", "sseDone:true", "oddChunks:true", "lists:true"},
		{"errors:envelope", "buffered:true", "wavSize:0", "sseNames:false", "sseDone:false", "wavExtra:true", "closes:true"},
	} {
		quirks = append(quirks, "streamFormat:served", "instructions:followed", "onlyWAV:false", "sseField:audio", "wrongVoice:400")
		server, base := start(t, "openai", emulator.Options{}, quirks...)
		dir, all := library(t, "openai_speech.py", base, key, clientText)
		says(t, saved(t, dir, "samples"), clientRate, clientText)
		says(t, saved(t, dir, "delta"), clientRate, clientText)
		format, samples, err := audio.ReadWAV(bytes.NewReader(saved(t, dir, "file")))
		if err != nil {
			t.Fatal(err)
		}
		says(t, samples, format.Rate, clientText)
		for i, name := range []string{"samples", "file", "events"} {
			if m := about(all, name); m["type"] != "whole" || m["request"] != server.Stats().Streams[i].ID {
				t.Errorf("%v: %s: told %v", quirks, name, m)
			}
		}
		lasts(t, saved(t, dir, "samples"), clientRate, server.Stats().Streams[0].Audio)
		if m := about(all, "nobody"); m["type"] != "BadRequestError" || m["code"] != "VOICE_NOT_FOUND" {
			t.Errorf("%v: an unknown voice: told %v", quirks, m)
		}
		done := all[slices.IndexFunc(all, func(m map[string]any) bool { return m["type"] == "speech.audio.done" })]
		usage, _ := done["usage"].(map[string]any)
		in, _ := usage["input_tokens"].(float64)
		out, _ := usage["output_tokens"].(float64)
		if in == 0 || out == 0 || usage["total_tokens"] != in+out {
			t.Errorf("%v: told %v", quirks, done)
		}
	}
}

// What goes wrong is told as the client's own exceptions, which a program catches.
func TestOpenAIsClientIsTold(t *testing.T) {
	for fault, want := range map[string]string{
		"refuse:429:3s": "RateLimitError", "refuse:insufficient_quota": "RateLimitError", "refuse:401": "AuthenticationError",
		"refuse:503": "InternalServerError", "drop": "APIConnectionError", "drop:500ms": "RemoteProtocolError", "error:500ms": "RemoteProtocolError",
	} {
		f, err := emulator.ParseFault(fault)
		if err != nil {
			t.Fatal(err)
		}
		server, base := start(t, "openai", emulator.Options{Fault: f}, "onlyWAV:false", "buffered:false", "cutClean:false", "streamFormat:served")
		python := withPackages(t, "python3", speechLibraries...)
		program, err := filepath.Abs("openai_speech.py")
		if err != nil {
			t.Fatal(err)
		}
		out, stderr, _ := attempt(t, t.TempDir(), python, program, base, key, clientText) // it fails at what it does not expect
		all := lines(t, out)
		if len(all) == 0 || all[0].Message["type"] != want {
			t.Errorf("%s: told %.500s %.500s, want %s (%s)", fault, out, stderr, want, server.Quirks())
		}
	}
}

func TestWyomingsLibrarySpeaks(t *testing.T) {
	for i, quirks := range [][]string{
		{"streaming:true", "inline:false", "restarts:true", "timestamps:true", "oddChunks:true"},
		{"streaming:true", "inline:true", "restarts:false", "pings:true", "timestamps:false"},
		{"streaming:false", "inline:false", "restarts:false"},
	} {
		server, address := start(t, "wyoming", emulator.Options{}, quirks...)
		const rest = "Thirteen fourteen fifteen."
		dir, all := library(t, "wyoming_speech.py", address, clientText, rest)
		says(t, saved(t, dir, "text"), 22050, clientText)
		says(t, saved(t, dir, "other"), 16000, rest)
		says(t, saved(t, dir, "chunks"), 22050, clientText)
		if m := about(all, "text"); m["rate"] != 22050.0 || m["width"] != 2.0 || m["channels"] != 1.0 {
			t.Errorf("%v: told %v", quirks, m)
		}
		info := all[0]
		if voices, _ := info["voices"].([]any); !slices.Contains(voices, any("en_US-joe-medium")) || info["streaming"] != (i < 2) {
			t.Errorf("%v: told %v", quirks, info)
		}
		if m := about(all, "nobody"); m["type"] != "error" || m["code"] != "VoiceNotFoundError" || m["text"] != "nobody" {
			t.Errorf("%v: an unknown voice: told %v", quirks, m)
		}
		if last := all[len(all)-2]; last["type"] != "closed" {
			t.Errorf("%v: after an error: told %v", quirks, last)
		}
		lasts(t, saved(t, dir, "text"), 22050, server.Stats().Streams[0].Audio)
		if !server.WaitFor(func(s emulator.Stats) bool { return s.OpenSockets == 0 }, programTime) {
			t.Errorf("%v: the client's end was not noticed", quirks)
		}
	}
}
