package protocol

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
)

var audioExample = Audio{GenerationID: "g1", Seq: 7, StartMS: 1240, Samples: 4800}

func TestAppendAudioJSON(t *testing.T) {
	got := string(AppendAudioJSON([]byte("before "), audioExample, []byte("AAE=")))
	want := `before {"type":"audio","generation_id":"g1","seq":7,"start_ms":1240,"samples":4800,"audio":"AAE="}`
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	stepwise := AppendAudioHead([]byte("before "), audioExample)
	stepwise = AppendAudioTail(append(stepwise, "AAE="...))
	if string(stepwise) != want {
		t.Errorf("in steps: got %s, want %s", stepwise, want)
	}
}

func TestAppendAudioJSONIsJSON(t *testing.T) {
	a := Audio{GenerationID: strings.Repeat("azAZ09._:-", 12) + "12345678", Seq: math.MaxUint32, StartMS: math.MaxUint32, Samples: math.MaxUint32}
	var got struct {
		Type         string
		GenerationID string `json:"generation_id"`
		Seq          uint32
		StartMS      uint32 `json:"start_ms"`
		Samples      uint32
		Audio        []byte
	}
	if err := json.Unmarshal(AppendAudioJSON(nil, a, []byte(base64.StdEncoding.EncodeToString([]byte{0, 255, 127}))), &got); err != nil {
		t.Fatal(err)
	}
	if got.Type != "audio" || (Audio{got.GenerationID, got.Seq, got.StartMS, got.Samples}) != a || !bytes.Equal(got.Audio, []byte{0, 255, 127}) {
		t.Errorf("got %+v, want %+v", got, a)
	}
}

func TestAppendAudioBinary(t *testing.T) {
	got := hex.EncodeToString(AppendAudioBinary([]byte{0xEE}, audioExample, []byte{0xAB, 0xCD}))
	want := "ee" + "01" + "01" + "02" + "6731" + "00000007" + "000004d8" + "000012c0" + "abcd"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParseAudioBinaryRefuses(t *testing.T) {
	good := AppendAudioBinary(nil, audioExample, nil)
	with := func(i int, b byte) []byte {
		frame := bytes.Clone(good)
		frame[i] = b
		return frame
	}
	tests := []struct {
		name  string
		frame []byte
		want  error
	}{
		{"nothing", nil, errFrameShort},
		{"head only", good[:3], errFrameShort},
		{"a byte missing", good[:len(good)-1], errFrameShort},
		{"longer id than frame", with(2, 255), errFrameShort},
		{"another version", with(0, 2), errFrameVersion},
		{"another kind", with(1, 2), errFrameKind},
		{"no id", with(2, 0), errFrameID},
		{"bad id", with(3, '/'), errFrameID},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			unknown := errors.Is(tt.want, errFrameVersion) || errors.Is(tt.want, errFrameKind) // a client passes over those
			if _, _, err := ParseAudioBinary(tt.frame); !errors.Is(err, tt.want) || errors.Is(err, ErrUnknownEvent) != unknown {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func FuzzParseAudioBinary(f *testing.F) {
	f.Add(AppendAudioBinary(nil, audioExample, []byte{1, 2, 3, 4}))
	f.Add(AppendAudioBinary(nil, Audio{GenerationID: strings.Repeat("x", MaxIDLength), Seq: math.MaxUint32}, nil))
	f.Add([]byte{1, 1, 0})
	f.Fuzz(func(t *testing.T, frame []byte) {
		a, audio, err := ParseAudioBinary(frame)
		if err != nil {
			return
		}
		if got := AppendAudioBinary(nil, a, audio); !bytes.Equal(got, frame) {
			t.Errorf("got %x, want %x", got, frame)
		}
		if head := AppendAudioJSON(nil, a, nil); !json.Valid(head) {
			t.Errorf("an id that was taken does not go into JSON: %s", head)
		}
	})
}

func TestFramesCostNoAllocation(t *testing.T) {
	audio := make([]byte, 9600)
	encoded := []byte(base64.StdEncoding.EncodeToString(audio))
	dst := make([]byte, 0, 16<<10)
	tests := map[string]func(){
		"json": func() { dst = AppendAudioJSON(dst[:0], audioExample, encoded) },
		"in steps": func() {
			dst = AppendAudioTail(base64.StdEncoding.AppendEncode(AppendAudioHead(dst[:0], audioExample), audio))
		},
		"binary": func() { dst = AppendAudioBinary(dst[:0], audioExample, audio) },
	}
	for name, frame := range tests {
		if got := testing.AllocsPerRun(100, frame); got != 0 {
			t.Errorf("%s: %v allocations a frame, want 0", name, got)
		}
	}
}

func BenchmarkAppendAudioJSON(b *testing.B) {
	encoded := bytes.Repeat([]byte("AAAA"), 1600)
	dst := make([]byte, 0, 8<<10)
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendAudioJSON(dst[:0], audioExample, encoded)
	}
}
