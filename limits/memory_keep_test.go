package limits

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestMemoryRestoresKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var secret [32]byte
		first := func(state State) First { return First{GenerationID: "g", RecordID: "r", State: state} }
		before, m := NewKeyedMemory(secret), NewKeyedMemory(secret)
		for key, state := range map[string]State{"heard": Completed, "running": Running} {
			m.Restore(Kept{Tenant: "t", Hash: before.Hash("t", key), First: first(state), Expires: time.Now().Add(time.Minute)})
		}
		m.Restore(Kept{Tenant: "t", Hash: before.Hash("t", "old"), First: first(Completed), Expires: time.Now()})

		for key, state := range map[string]State{"heard": Completed, "running": Failed} {
			_, err := m.Admit(t.Context(), Admission{Tenant: "t", IdempotencyKey: key, Window: time.Hour})
			var duplicate *DuplicateError
			if !errors.As(err, &duplicate) || duplicate.First != first(state) {
				t.Errorf("key %s: Admit = %v, want a duplicate that has %s", key, err, state)
			}
		}
		grant := mustAdmit(t, m, "old")
		m.Restore(Kept{Tenant: "t", Hash: before.Hash("t", "old"), First: first(Completed), Expires: time.Now().Add(time.Minute)})
		settleGrant(t, grant, false)
		mustAdmit(t, m, "old") // what was restored late had not taken it
		time.Sleep(time.Minute)
		mustAdmit(t, m, "heard")
		mustAdmit(t, m, "running")
	})
}
