package limits_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"voicerelay/limits"
)

// holdEnv tells the test binary to be a relay that holds what it can at the Redis of that address.
const holdEnv = "LIMITS_HOLD_AT"

// holding is what such a relay asks for: one of two slots, and a key.
func holding(id, key string) limits.Admission {
	a := asking(id, key)
	a.Limits.MaxConcurrentGenerations = 2
	return a
}

// hold takes both slots, two keys, one of them heard, and seven of ten micros, says so, and runs until it is killed.
func hold(addr string) {
	client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
	store, err := limits.NewRedis(patient(), client)
	must(err)
	ctx := context.Background()
	heard, err := store.Admit(ctx, holding("heard", "k-heard"))
	must(err)
	heard.Heard()
	_, err = store.Admit(ctx, holding("unheard", "k-unheard"))
	must(err)
	reservation, err := store.Open(ctx, costing("spending"))
	must(err)
	must(reservation.Reserve(ctx, 7))
	must(store.Sync(ctx)) // the keeper tells by itself what was heard, a moment later
	fmt.Println("holding")
	_, _ = os.Stdin.Read(make([]byte, 1)) // until it is killed, or the test is gone
	os.Exit(1)
}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// startHolder starts another relay as a process, and returns when it holds what it can.
func startHolder(t *testing.T, addr string) *exec.Cmd {
	t.Helper()
	holder := exec.Command(os.Args[0])
	holder.Env = append(os.Environ(), holdEnv+"="+addr)
	stdin, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = holder.Process.Kill()
		_ = holder.Wait() // killed
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if strings.TrimSpace(line) != "holding" {
		t.Fatalf("the other relay says %q, %v", line, err)
	}
	return holder
}

func TestWhatADeadRelayHeldComesBack(t *testing.T) {
	server := startServer(t)
	client := server.client(t)
	store := newRedis(t, patient(), client)
	holder := startHolder(t, server.Addr)
	wantAllHeld(t, store)
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait() // killed

	advance(t, client, 60*time.Second, 60*time.Second, store) // the test itself takes less than the rest of the lease
	wantAllHeld(t, store)
	advance(t, client, 30*time.Second, 30*time.Second, store)
	wantLeft(t, store, 10)
	wantDuplicate(t, store, "k-heard", "rec-heard", limits.Failed)
	admitted(t, store, holding("again", "k-unheard"))
	admitted(t, store, holding("too", ""))
	advance(t, client, time.Hour, 30*time.Second, store)
	settled(t, admitted(t, store, asking("late", "k-heard")), true)
}

func wantAllHeld(t *testing.T, store *limits.Redis) {
	t.Helper()
	wantDuplicate(t, store, "k-heard", "rec-heard", limits.Running)
	wantDuplicate(t, store, "k-unheard", "rec-unheard", limits.Running)
	var many *limits.TooManyError
	if _, err := store.Admit(t.Context(), holding("beside", "")); !errors.As(err, &many) {
		t.Errorf("Admit = %v, want the slots to be taken", err)
	}
	wantLeft(t, store, 3)
}

// The keeper tells soon what was heard, without anyone's asking.
func TestHeardIsToldAtOnce(t *testing.T) {
	server := startServer(t)
	client := server.client(t)
	cfg := patient()
	cfg.Lease = time.Hour // no renewal comes by
	store := newRedis(t, cfg, client)
	grant := admitted(t, store, asking("1", "k"))
	grant.Heard()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for ; ; <-poll.C {
		claims, err := client.HVals(ctx, "voicerelay:{acme}:running").Result()
		if err != nil || len(claims) != 1 {
			t.Fatalf("claims = %q, %v, want one that is heard", claims, err)
		}
		if strings.Contains(claims[0], " running 1 rec-1 ") {
			break
		}
	}
}

// A Redis that dies and comes back with what it had written is told the rest.
func TestRedisIsKilledAndComesBack(t *testing.T) {
	server := startServer(t)
	gone, back := make(chan error, 1), make(chan time.Duration, 1)
	store := newRedis(t, limits.RedisConfig{
		Patience: time.Second, // the machine may be busy; a refused connection shows at once
		OnAway:   func(err error) { gone <- err },
		OnBack:   func(away time.Duration) { back <- away },
	}, server.client(t))
	other := newRedis(t, limits.RedisConfig{Patience: 10 * time.Second}, server.client(t))
	grant := admitted(t, store, asking("1", "k1"))
	reservation := opened(t, store, "1")
	reserved(t, reservation, 5)

	server.Kill()
	admitted(t, store, asking("2", "k2"))
	settled(t, grant, true)
	if err := reservation.Settle(t.Context(), limits.Spent{"EUR": 4}); err != nil {
		t.Fatal(err)
	}
	if err := <-gone; err == nil {
		t.Error("OnAway was called without a reason")
	}
	server.Start()
	select {
	case away := <-back:
		if away <= 0 {
			t.Errorf("away for %s", away)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("Redis is back, but stays away")
	}
	wantDuplicate(t, other, "k1", "rec-1", limits.Completed)
	wantDuplicate(t, store, "k2", "rec-2", limits.Running)
	wantDuplicate(t, other, "k2", "rec-2", limits.Running)
}
