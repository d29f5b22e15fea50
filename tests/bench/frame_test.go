package main

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestMarkSurvivesTheWayThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := mark{index: rapid.Uint32().Draw(t, "index"), sent: time.Duration(rapid.Int64().Draw(t, "sent"))}
		message := newAudioFrame("c1").stamp(want, 0)[headerBytes:]
		audio, ok := audioIn(message)
		if !ok {
			t.Fatalf("no audio in %.60s", message)
		}
		if got, err := readMark(audio); err != nil || got != want {
			t.Fatalf("got %v, %v, want %v", got, err, want)
		}
	})
}

func TestReadMarkRefusesOtherAudio(t *testing.T) {
	message := newAudioFrame("c1").stamp(mark{}, 0)[headerBytes:]
	audio, _ := audioIn(message)
	broken := append([]byte("!"), audio[1:]...)
	changed := append(slices.Clone(audio[:len(audio)-1]), '!')
	for name, other := range map[string][]byte{"none": nil, "short": audio[:len(audio)-4], "not base64": broken, "changed in its last byte": changed} {
		if got, err := readMark(other); err == nil {
			t.Errorf("%s: got %v, want an error", name, got)
		}
	}
}

func TestAudioFrameIsTheVendorsMessage(t *testing.T) {
	frame := newAudioFrame(`a"b`)
	for _, index := range []uint32{0, 9, 10, 123456, 7} { // lengths grow and shrink again
		message := frame.stamp(mark{index: index, sent: time.Second}, 3)
		if length := int(message[2])<<8 | int(message[3]); message[0] != 0x81 || message[1] != 126 || length != len(message)-headerBytes {
			t.Fatalf("frame %d has the header %x for %d bytes", index, message[:headerBytes], len(message))
		}
		var got struct {
			Audio     string `json:"audio"`
			Enc       string `json:"enc"`
			ContextID string `json:"context_id"`
			Idx       uint32 `json:"idx"`
			SR        int    `json:"sr"`
			Samples   int    `json:"samples"`
			ChunkID   int    `json:"chunk_id"`
		}
		if err := json.Unmarshal(message[headerBytes:], &got); err != nil {
			t.Fatal(err)
		}
		pcm, err := base64.StdEncoding.DecodeString(got.Audio)
		if err != nil || len(pcm) != 4800 {
			t.Fatalf("frame %d has %d bytes of audio: %v", index, len(pcm), err)
		}
		if got.Enc != "pcm_s16le" || got.ContextID != `a"b` || got.Idx != index || got.SR != 24000 || got.Samples != 2400 || got.ChunkID != 3 {
			t.Errorf("frame %d is %+v", index, got)
		}
	}
}

func TestTextFrameHasTheShortestLength(t *testing.T) {
	for _, test := range []struct {
		length int
		want   []byte
	}{
		{0, []byte{0x81, 0}},
		{125, []byte{0x81, 125}},
		{126, []byte{0x81, 126, 0, 126}},
		{65535, []byte{0x81, 126, 255, 255}},
	} {
		frame := textFrame(make([]byte, test.length))
		if got := frame[:len(test.want)]; string(got) != string(test.want) || len(frame) != len(test.want)+test.length {
			t.Errorf("%d bytes: got the header %x and %d bytes, want %x", test.length, got, len(frame), test.want)
		}
	}
}

func TestStampDoesNotAllocate(t *testing.T) {
	frame := newAudioFrame("c1")
	if n := testing.AllocsPerRun(100, func() { frame.stamp(mark{index: 12345, sent: time.Hour}, 12) }); n != 0 {
		t.Errorf("got %v allocations a frame, want none", n)
	}
}
