package codec

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
	"github.com/mewkiz/flac/meta"
)

// flacBits is the size of a sample.
const flacBits = 16

// flacEncoder makes FLAC in blocks of one size, but for the last.
type flacEncoder struct {
	// Static after newFLAC.
	rate  int
	block int // samples
	to    io.Writer

	encoder *flac.Encoder // nil: nothing has been written, and so no header either
	samples []int32       // of the block under way
	half    []byte        // the first byte of a sample whose second has not come
}

func newFLAC(rate int, to io.Writer) *flacEncoder {
	block := flacBlock(rate)
	return &flacEncoder{rate: rate, block: block, to: to, samples: make([]int32, 0, block)}
}

// flacBlock is how many samples a block has: the most among the sizes that a frame's header names in four bits that is
// less than 100 ms, which a listener would notice.
func flacBlock(rate int) int {
	block := 512
	for 2*block*10 < rate {
		block *= 2
	}
	return block
}

// Write takes samples, and may end within one.
func (e *flacEncoder) Write(pcm []byte) (int, error) {
	if err := e.open(); err != nil {
		return 0, err
	}
	taken := len(pcm)
	if len(e.half) > 0 && taken > 0 {
		first := append(e.half, pcm[0])
		e.half, pcm = e.half[:0], pcm[1:]
		if err := e.add(first); err != nil {
			return 0, err
		}
	}
	whole := len(pcm) &^ 1
	e.half = append(e.half, pcm[whole:]...)
	return taken, e.add(pcm[:whole])
}

// add takes whole samples.
func (e *flacEncoder) add(pcm []byte) error {
	for ; len(pcm) > 0; pcm = pcm[2:] {
		e.samples = append(e.samples, int32(int16(binary.LittleEndian.Uint16(pcm))))
		if len(e.samples) == e.block {
			if err := e.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Finish writes the last block. A stream without samples is a header alone.
func (e *flacEncoder) Finish() error {
	if err := e.open(); err != nil || len(e.samples) == 0 {
		return err
	}
	return e.flush()
}

// open writes the header, if that has not been done. Neither the number of samples nor their checksum is known: 0.
func (e *flacEncoder) open() (err error) {
	if e.encoder != nil {
		return nil
	}
	size := uint16(e.block)
	e.encoder, err = flac.NewEncoder(e.to, &meta.StreamInfo{
		BlockSizeMin: size, BlockSizeMax: size, SampleRate: uint32(e.rate), NChannels: 1, BitsPerSample: flacBits,
	})
	if err != nil {
		return fmt.Errorf("begin FLAC: %w", err)
	}
	return nil
}

// flush writes what there is as a block.
func (e *flacEncoder) flush() error {
	err := e.encoder.WriteFrame(&frame.Frame{
		Header: frame.Header{
			HasFixedBlockSize: true,
			BlockSize:         uint16(len(e.samples)),
			SampleRate:        uint32(e.rate),
			Channels:          frame.ChannelsMono,
			BitsPerSample:     flacBits,
		},
		// Verbatim, which has the encoder look for something shorter.
		Subframes: []*frame.Subframe{{
			SubHeader: frame.SubHeader{Pred: frame.PredVerbatim}, Samples: e.samples, NSamples: len(e.samples),
		}},
	})
	e.samples = e.samples[:0]
	if err != nil {
		return fmt.Errorf("write a block of FLAC: %w", err)
	}
	return nil
}

// Close has nothing to end.
func (e *flacEncoder) Close() {}
