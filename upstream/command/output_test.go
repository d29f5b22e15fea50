package command

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
	"testing/iotest"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// file is a WAV file that tells its length, with something after its samples.
func file(samples, after string) []byte {
	b := audio.WAVHeader(8000)
	binary.LittleEndian.PutUint32(b[len(b)-4:], uint32(len(samples)))
	return append(append(b, samples...), after...)
}

// play plays an output as a program writes it, and the frames that came of it.
func play(t testing.TB, cfg Config, out io.Reader) (upstreamtest.Heard, error) {
	sink := upstreamtest.NewSink(t)
	s := &stream{runner: &runner{cfg: cfg}, sink: sink}
	heard, err := s.play(out)
	h := sink.Heard()
	if heard != len(h.Audio) || s.spoke != (heard > 0) {
		t.Errorf("told of %d bytes and speech %v, the sink got %d", heard, s.spoke, len(h.Audio))
	}
	return h, err
}

func TestOutputGoesOnAsItComes(t *testing.T) {
	speech := string(upstreamtest.Speech("All of it, however it comes, and in whole samples."))
	float := defaults()
	float.Output = Output{Encoding: audio.PCMF32, SampleRate: 48000}
	for name, c := range map[string]struct {
		cfg       Config
		out, want string
	}{
		"streamed":       {defaults(), string(audio.WAVHeader(24000)) + speech, speech},
		"with a length":  {defaults(), string(file(speech, "")), speech},
		"more after":     {defaults(), string(file(speech, "LIST\x04\x00\x00\x00INFO")), speech},
		"half a sample":  {defaults(), string(audio.WAVHeader(24000)) + speech + "x", speech},
		"floats":         {float, speech + "xyz", speech},
		"no samples":     {defaults(), string(file("", "")), ""},
		"nothing at all": {defaults(), "", ""},
	} {
		for how, reader := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "by bytes": iotest.OneByteReader, "with the end": iotest.DataErrReader,
		} {
			h, err := play(t, c.cfg, reader(bytes.NewReader([]byte(c.out))))
			if err != nil || string(h.Audio) != c.want {
				t.Errorf("%s, %s: got %d bytes and %v, want %d", name, how, len(h.Audio), err, len(c.want))
			}
		}
	}
}

// A frame comes as soon as its samples do: the first one does not wait for the second.
func TestOutputIsNotGathered(t *testing.T) {
	out, in := io.Pipe()
	sink := upstreamtest.NewSink(t)
	s := &stream{runner: &runner{cfg: defaults()}, sink: sink}
	played := make(chan error, 1)
	go func() { // ends with in
		_, err := s.play(out)
		played <- err
	}()
	for want := 1; want <= 3; want++ {
		part := []byte{1, 2}
		if want == 1 {
			part = append(audio.WAVHeader(24000), part...)
		}
		if _, err := in.Write(part); err != nil { // returns when it has been read
			t.Fatal(err)
		}
		if want > 1 && sink.Heard().Frames < want-1 { // what was read before has been handed on
			t.Errorf("%d frames of %d", sink.Heard().Frames, want-1)
		}
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-played; err != nil || sink.Heard().Frames != 3 {
		t.Errorf("%d frames, %v; want 3", sink.Heard().Frames, err)
	}
}

func TestAnOutputThatCannotBeRead(t *testing.T) {
	h, err := play(t, defaults(), io.MultiReader(bytes.NewReader(file("abcd", "")), iotest.ErrReader(io.ErrClosedPipe)))
	if upstream.KindOf(err) != upstream.Dropped || string(h.Audio) != "abcd" {
		t.Errorf("%q and %v, want dropped after the samples", h.Audio, err)
	}
}

// Whatever a program writes, what goes on is a part of it, in whole samples, within the bound.
func FuzzOutput(f *testing.F) {
	f.Add(file("abcdef", "LIST\x01\x00\x00\x00x"), uint16(100))
	f.Add(append(audio.WAVHeader(24000), "abcdefg"...), uint16(50))
	f.Add([]byte("usage: say [-v voice]"), uint16(10))
	f.Fuzz(func(t *testing.T, out []byte, bound uint16) {
		cfg := defaults()
		cfg.MaxOutputBytes = int(bound)
		h, err := play(t, cfg, bytes.NewReader(out))
		upstreamtest.CheckError(t, err, nil)
		if len(h.Audio) > int(bound) || !bytes.Contains(out, h.Audio) {
			t.Fatalf("%d bytes of %d bounded to %d", len(h.Audio), len(out), bound)
		}
		if len(h.Audio) > 0 && len(h.Audio)%h.Format.BytesPerSample() != 0 {
			t.Fatalf("%d bytes of %s", len(h.Audio), h.Format)
		}
		if _, again := play(t, cfg, iotest.OneByteReader(bytes.NewReader(out))); (again == nil) != (err == nil) {
			t.Fatalf("%v at once, %v by bytes", err, again)
		}
	})
}
