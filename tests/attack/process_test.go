package attack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// attackName is the variable of the environment that has a process of this program attack in place of testing.
const attackName = "VOICERELAY_ATTACK"

// An attacker is a process that attacks. It is on this machine for want of another, so it gets only what time the relay, its
// vendor and the other tenant leave.
type attacker struct {
	t      *testing.T
	vendor string // where the hostile vendor listens
	far    string // where a well vendor listens that speaks for the attacker alone
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
}

// start starts an attacker, which does nothing yet.
func (a attack) start(t *testing.T) *attacker {
	t.Helper()
	p := &attacker{t: t, cmd: exec.Command("nice", "-n", "19", os.Args[0], fmt.Sprint("-churn=", *churnFor))}
	p.cmd.Env, p.cmd.Stderr = append(os.Environ(), attackName+"="+a.name), os.Stderr
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.in.Close() // the attacker ends then
		_ = p.cmd.Wait() // end has looked at what it did
	})
	p.vendor, p.far = p.line(), p.line()
	return p
}

// begin has it attack a relay.
func (p *attacker) begin(address string) {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in, address); err != nil {
		p.t.Fatal(err)
	}
}

// enough is what an attacker says once it has acted as often as it takes to prove anything.
const enough = "enough"

// end ends the attack once it has done enough, or has not for as long as the deadline, and gives how often it acted. A busy machine
// leaves an attacker little time.
func (p *attacker) end() int {
	p.t.Helper()
	limit := time.AfterFunc(deadline, func() { _ = p.in.Close() }) // which ends the attack
	defer limit.Stop()
	line := p.line()
	if line == enough {
		_ = p.in.Close() // the limit may have done so
		line = p.line()
	}
	n, err := strconv.Atoi(line)
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

func (p *attacker) line() string {
	p.t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.t.Fatalf("the attacker ended: %v", err)
	}
	return line[:len(line)-1]
}

// startFar starts a well vendor in the attacker's process. It speaks as fast as real ones do, several times faster than it is heard.
func startFar() (io.Closer, string, error) {
	far, err := emulator.New("kugelaudio", wellOptions(5))
	if err != nil {
		return nil, "", err
	}
	url, err := far.Start("127.0.0.1:0")
	return far, url, err
}

// attackAsTold is the attacker's process: it says where its vendors listen, is told where the relay does, and attacks until
// its input ends.
func attackAsTold(name string) (code int) {
	attacks := all()
	i := slices.IndexFunc(attacks, func(a attack) bool { return a.name == name })
	vendor, err := startIll()
	far, url, farErr := startFar()
	err = errors.Join(err, farErr)
	if i < 0 && name != everything || err != nil {
		fmt.Fprintln(os.Stderr, name, err)
		return 1
	}
	defer vendor.close()
	defer func() { _ = far.Close() }() // the test has seen all that it says
	fmt.Println(vendor.url)
	fmt.Println(url)
	in := bufio.NewReader(os.Stdin)
	address, err := in.ReadString('\n')
	if err != nil {
		return 0 // the test has ended
	}
	address = address[:len(address)-1]
	ctx, cancel := context.WithCancel(context.Background())
	go func() { // ends with the input
		_, _ = in.ReadString('\n')
		cancel()
	}()
	if name == everything {
		fmt.Println(enough) // it lasts as long as the test says
		fmt.Println(playEverything(ctx, address, vendor, turnOf(*churnFor)))
		return 0
	}
	fmt.Println(attacks[i].tellsOfEnough().run(ctx, address, vendor))
	return 0
}

// run attacks until ctx ends, and gives how often it acted.
func (a attack) run(ctx context.Context, address string, vendor *illVendor) int {
	h := &hostile{address: address, ctx: ctx}
	if a.ill != nil {
		vendor.become(a.ill, h)
	}
	h.wg.Go(func() { a.does(h) })
	<-ctx.Done()
	h.finish()
	return int(h.acts.Load())
}

// tellsOfEnough is the attack, which prints enough when it is.
func (a attack) tellsOfEnough() attack {
	does := a.does
	a.does = func(h *hostile) {
		h.wg.Go(func() {
			pace := time.NewTicker(10 * time.Millisecond)
			defer pace.Stop()
			for !h.over() {
				if h.acts.Load() >= int64(a.least) {
					fmt.Println(enough)
					return
				}
				<-pace.C
			}
		})
		does(h)
	}
	return a
}
