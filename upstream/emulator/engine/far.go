package engine

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// farListener is a listener whose clients are far away: what goes in at one end comes out at the other so much later. It ends
// with the server.
// A relay's costs of opening sockets, and what it has under way when it cancels, show at a distance only.
type farListener struct {
	net.Listener
	links    *links
	distance time.Duration                                // one way
	run      func(f func(life context.Context)) (ok bool) // in the server's life; false: that is over
}

// Accept waits for a client. The connection that it returns is the near end of the client's link.
func (l *farListener) Accept() (net.Conn, error) {
	far, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	near, end := net.Pipe()
	k := &link{far: far, near: near, distance: l.distance, opened: time.Now()}
	carried := l.run(func(life context.Context) {
		l.links.add(k)
		defer l.links.remove(k)
		k.carry(life)
	})
	if !carried {
		_ = far.Close() // there is no server for it any more
		return nil, net.ErrClosed
	}
	return end, nil
}

// link carries one connection's bytes.
type link struct {
	far, near net.Conn
	distance  time.Duration
	opened    time.Time
	severed   atomic.Bool
}

// parcel is bytes under way.
type parcel struct {
	data []byte
	due  time.Time
}

// Bounds of what is under way in one direction, above which the sender waits.
// Together they are 32 MiB, more than a window of TCP usually has, so that the distance is what delays, and the bound is there
// for a client that does not read.
const (
	parcelSize = 32 << 10 // bytes
	mostUnder  = 1024     // parcels
)

// carry returns when the connection is over.
func (k *link) carry(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ctx, k.close)
	var wg sync.WaitGroup
	for _, way := range []struct{ from, to net.Conn }{{k.far, k.near}, {k.near, k.far}} {
		parcels := make(chan parcel, mostUnder)
		wg.Go(func() {
			defer close(parcels)
			k.send(ctx, way.from, parcels)
		})
		wg.Go(func() {
			defer cancel() // a connection that ends one way ends both
			deliver(ctx, parcels, way.to)
		})
	}
	wg.Wait()
	stop()
	cancel()
	k.close()
}

func (k *link) close() {
	_ = k.far.Close() // either may be closed already
	_ = k.near.Close()
}

// send takes what comes in at one end until that is closed.
func (k *link) send(ctx context.Context, from net.Conn, parcels chan<- parcel) {
	for {
		data := make([]byte, parcelSize)
		n, err := from.Read(data)
		if k.severed.Load() {
			k.reset(ctx, from, err)
			return
		}
		if n > 0 {
			// A client's first bytes wait for its connection, which takes a way there and a way back.
			sent := later(time.Now(), k.opened.Add(2*k.distance))
			select {
			case parcels <- parcel{data[:n], sent.Add(k.distance)}:
			case <-ctx.Done():
				return
			}
		}
		if err != nil {
			Pause(ctx, k.distance) // the end, too, takes its time
			return
		}
	}
}

// reset answers what comes for a connection that the other side does not know any more.
// A reset takes as long as the client's bytes need to arrive, and the answer needs to return.
func (k *link) reset(ctx context.Context, from net.Conn, err error) {
	if from != k.far {
		<-ctx.Done() // the vendor has hung up; the client has not heard of it
		return
	}
	if err == nil {
		Pause(ctx, 2*k.distance)
	}
	if tcp, ok := k.far.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // it may be gone already
	}
}

// deliver hands over what is due, until nothing more comes.
func deliver(ctx context.Context, parcels <-chan parcel, to io.Writer) {
	for p := range parcels {
		if !Pause(ctx, time.Until(p.due)) {
			return
		}
		if _, err := to.Write(p.data); err != nil {
			return
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// links are those that are open.
type links struct {
	mu   sync.Mutex
	open map[*link]struct{} // guarded by mu
}

// sever ends the server's side of every link, and has the client's be told once it sends something.
func (ls *links) sever() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for k := range ls.open {
		k.severed.Store(true)
		_ = k.near.Close() // the server's side ends now
	}
}

func (ls *links) add(k *link) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.open == nil {
		ls.open = make(map[*link]struct{})
	}
	ls.open[k] = struct{}{}
}

func (ls *links) remove(k *link) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	delete(ls.open, k)
}
