package codec

import (
	"fmt"

	"voicerelay/audio"
)

// Format is what a stream is compressed into.
type Format struct {
	audio.Format
	// Kbps is the bit rate of MP3 and Opus in kbit/s; 0: what is usual for speech at the sample rate.
	Kbps int
}

// validate reports whether there is such a format at all.
func (f Format) validate() error {
	if !f.Compressed() {
		return fmt.Errorf("%s is not compressed", f.Format)
	}
	if err := f.Validate(); err != nil {
		return err
	}
	least, most := f.bounds()
	if f.Kbps != 0 && (f.Kbps < least || f.Kbps > most) {
		return fmt.Errorf("%s is available at %d to %d kbit/s", f.Format, least, most)
	}
	return nil
}

// bounds are the bit rates that the encoding has: of MP3, those of MPEG 1 from 32 kHz on, of MPEG 2 from 16 kHz on, else of
// MPEG 2.5, as far as LAME makes them.
func (f Format) bounds() (least, most int) {
	switch {
	case f.Encoding == audio.Opus:
		return 6, 256
	case f.Rate >= 32000:
		return 32, 320
	case f.Rate >= 16000:
		return 8, 160
	default:
		return 8, 64
	}
}

// kbps is the bit rate in kbit/s. The usual ones keep a voice as good as its sample rate; Opus takes less for that.
func (f Format) kbps() int {
	switch {
	case f.Kbps != 0:
		return f.Kbps
	case f.Encoding == audio.Opus:
		return 32
	case f.Rate >= 44100:
		return 128
	case f.Rate >= 32000:
		return 96
	case f.Rate >= 22050:
		return 64
	case f.Rate >= 16000:
		return 48
	default:
		return 32
	}
}
