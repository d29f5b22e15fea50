package attack

import (
	"fmt"
	"time"

	"github.com/coder/websocket"
)

// pauseAtRefusal is how long an attacker waits before it connects again.
const pauseAtRefusal = 20 * time.Millisecond

// flood sends text messages on connections that read all answers, so many a second on each.
func (h *hostile) flood(connections, perSecond int, message func(i int) string) {
	for range connections {
		h.wg.Go(func() {
			for i := 0; !h.over(); time.Sleep(pauseAtRefusal) {
				conn, err := h.polite("")
				for err == nil && !h.over() {
					i++
					if err = conn.Write(h.ctx, websocket.MessageText, []byte(message(i))); err == nil {
						h.did(1)
					}
					time.Sleep(time.Second / time.Duration(perSecond))
				}
				if conn != nil {
					_ = conn.CloseNow() // the attack is over, or the relay has closed it
				}
			}
		})
	}
	h.hold()
}

// unread sends frames on connections that read nothing, a batch each 10 ms.
func (h *hostile) unread(connections, batch int, head byte, message func(i int) string) {
	for range connections {
		h.wg.Go(func() {
			for i := 0; !h.over(); time.Sleep(pauseAtRefusal) {
				s, err := h.upgrade("")
				for err == nil && !h.over() {
					var b []byte
					for range batch {
						i++
						b = append(b, frame(head, []byte(message(i)))...)
					}
					if err = s.write(b); err == nil {
						h.did(batch)
					}
					time.Sleep(10 * time.Millisecond)
				}
			}
		})
	}
	h.hold()
}

// generate is a command with further members.
func generate(id, more string) string {
	return fmt.Sprintf(`{"type":"generate","generation_id":%q,%s}`, id, more)
}
