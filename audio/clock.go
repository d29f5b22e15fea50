package audio

import "time"

// Milliseconds is how long so many samples last, rounded down. samples must not be negative, nor rate below 1.
func Milliseconds(samples int64, rate int) int64 {
	return scale(samples, 1000, int64(rate))
}

// Samples is how many whole samples fit into d. d must not be negative, nor rate below 1.
func Samples(d time.Duration, rate int) int64 {
	return scale(int64(d), int64(rate), int64(time.Second))
}

// Duration is how long so many samples last, rounded down to the nanosecond. samples must not be negative, nor
// rate below 1.
func Duration(samples int64, rate int) time.Duration {
	return time.Duration(scale(samples, int64(time.Second), int64(rate)))
}

// scale is floor(n * num / den). Splitting off the whole part keeps the product small: n * num alone
// would overflow after two days of audio in nanoseconds.
func scale(n, num, den int64) int64 {
	return n/den*num + n%den*num/den
}
