// Package audio holds sample formats and converts speech from a vendor's format to a client's.
//
// Audio is mono throughout, and a sample's time is its index divided by the rate. Invariants:
//
//  1. The same bytes in give the same bytes out, however they are cut into calls, also within a sample.
//  2. What a Converter gives is always whole samples; half a sample at the very end of the input is dropped.
//  3. n samples in give ceil(n * to / from) samples out in all, and sample 0 stays at time 0: the delay of the
//     filter is compensated, so that word times hold for converted audio as they are.
//  4. Levels saturate and never wrap. A float that is not a number is silence, and none leaves a conversion.
//  5. Where formats agree, the samples are the vendor's own, bit for bit.
//  6. Going down in rate, what the new rate can't represent is removed and not folded back.
//  7. Converting allocates nothing once the destination has the capacity. A Converter belongs to one goroutine.
//  8. Filter tables are computed once a ratio and never change; the rates are a closed list, so they are bounded.
package audio
