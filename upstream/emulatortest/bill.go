package emulatortest

import (
	"fmt"

	"voicerelay/audio"
	"voicerelay/billing"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/upstreamtest"
)

// WantBill checks that what a price of the relay's list makes of a stream is what the vendor charges, which has had no other, to the
// millionth of the currency's unit. The price needs a unit and its amounts alone.
func (r *Rig) WantBill(p billing.Price, h upstreamtest.Heard, texts ...string) {
	r.Helper()
	r.WantBillWithin(0, p, h, texts...)
}

// WantBillWithin is WantBill where the vendor rounds more often than the relay, which may make so many millionths of a difference.
func (r *Rig) WantBillWithin(tolerance int64, p billing.Price, h upstreamtest.Heard, texts ...string) {
	r.Helper()
	p.Provider, p.Model, p.Currency = "vendor", "*", "USD"
	list, err := billing.NewPriceList([]billing.Price{p})
	if err != nil {
		r.Fatal(err)
	}
	used := billing.Usage{}
	for _, text := range texts[:max(len(texts)-h.Usage.Withheld, 0)] {
		if text != "" {
			used = used.Plus(billing.Measure(text))
		}
	}
	if len(h.Audio) > 0 {
		used.Audio = audio.Duration(int64(len(h.Audio)/h.Format.BytesPerSample()), h.Format.Rate)
	}
	used.Metered = billing.Metered(h.Usage.Metered)
	cost := list.Price("vendor", "", used)
	if !cost.Known() || cost.Estimated {
		r.Errorf("%+v costs %+v, want it known", used, cost)
	}
	r.Await(fmt.Sprint("a charge of ", cost.Money), func(st emulator.Stats) bool {
		charged := int64(0)
		for _, s := range st.Streams {
			charged += s.Charge
		}
		return (charged > 0) == (cost.Money.Micros > 0) && charged-cost.Money.Micros <= tolerance && cost.Money.Micros-charged <= tolerance
	})
}

// WantBillOfStopped has a stream stopped in the middle of its first piece, which the vendor charges all the same.
func (r *Rig) WantBillOfStopped(p billing.Price, texts ...string) {
	r.Helper()
	l := r.Begin(r.Request)
	l.MustOrder(true, texts...)
	r.AwaitAudio()
	l.Stop(ErrStop)
	l.WantStopped(ErrStop)
	r.AwaitIdle()
	r.WantBill(p, l.Heard(), texts...)
}
