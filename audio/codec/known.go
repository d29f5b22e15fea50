package codec

import "voicerelay/audio"

// known are the programs that are looked for where none is configured, the best first. Each has options that make it give what
// it has at once; docs/operating.md says how late each is.
var known = map[audio.Encoding][][]string{
	audio.MP3: {
		// No bit reservoir and no tag: each frame can be played when it comes, and nothing is written again at the end.
		{
			"lame", "-r", "-s", rateMark, "--resample", rateMark, "--bitwidth", "16", "--signed", "--little-endian", "-m", "m",
			"--cbr", "-b", kbpsMark, "--nores", "-t", "--quiet", "--flush", "-", "-",
		},
		ffmpeg("-c:a", "libmp3lame", "-b:a", kbpsMark+"k", "-reservoir", "0", "-write_xing", "0", "-id3v2_version", "0", "-f", "mp3"),
	},
	audio.Opus: {
		// A page has one packet. An encoder that is told it is for speech would cut off what is above 8 kHz at low bit rates.
		ffmpeg("-c:a", "libopus", "-b:a", kbpsMark+"k", "-page_duration", "20000", "-f", "ogg"),
		// It looks two seconds ahead, and then gives 4 KiB at a time.
		{
			"opusenc", "--quiet", "--raw", "--raw-rate", rateMark, "--raw-chan", "1", "--bitrate", kbpsMark, "--max-delay", "20",
			"--discard-comments", "--padding", "0", "-", "-",
		},
	},
}

// ffmpeg is a command of ffmpeg with the options of an output. It takes the first bytes for enough to know its input by.
func ffmpeg(output ...string) []string {
	command := []string{
		"ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-probesize", "32", "-f", "s16le", "-ar", rateMark, "-ac", "1", "-i", "pipe:0",
		"-flush_packets", "1", "-map_metadata", "-1",
	}
	return append(append(command, output...), "pipe:1")
}
