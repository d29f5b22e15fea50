package tests

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/redis/go-redis/v9"

	"voicerelay/tests/process"
	"voicerelay/upstream/emulator"
)

// A composeService is what tests run of a service of docker-compose.yml.
type composeService struct {
	Entrypoint, Command []string
	Healthcheck         struct{ Test []string }
}

func serviceOfCompose(t *testing.T, name string) composeService {
	t.Helper()
	source, err := os.ReadFile("../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Services map[string]composeService }
	if err := yaml.Unmarshal(source, &file); err != nil {
		t.Fatal(err)
	}
	return file.Services[name]
}

// redisOfCompose starts a Redis by the very command of docker-compose.yml, but for its address and its folders, and returns the
// command of its health check.
func redisOfCompose(t *testing.T, password string) (address string, check *exec.Cmd) {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not installed")
	}
	service, dir := serviceOfCompose(t, "redis"), t.TempDir()
	address = process.FreeAddress(t)
	_, port, _ := net.SplitHostPort(address) // it comes from a listener
	script := strings.NewReplacer(
		"$$", "$", "/tmp/", dir+"/", "exec redis-server", "exec redis-server --bind 127.0.0.1 --port "+port+" --dir "+dir,
	).Replace(service.Command[2])
	server := exec.Command("sh", service.Command[1], script)
	server.Env = append(os.Environ(), "REDIS_PASSWORD="+password)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill() // it is ours, and runs
		_ = server.Wait()         // says that it was killed
	})
	check = exec.Command("sh", "-c", strings.Replace(service.Healthcheck.Test[1], "redis-cli", "redis-cli -p "+port, 1))
	check.Env = append(os.Environ(), "REDISCLI_AUTH="+password)
	return address, check
}

// The Redis of docker-compose.yml refuses clients without its password, and gives relays all that they need and no more.
func TestComposeRedisNeedsItsPasswordAndServesRelays(t *testing.T) {
	t.Parallel()
	const password = "0123456789abcdef"
	address, check := redisOfCompose(t, password)
	eventually(t, "the health check to pass", func() bool {
		again := exec.Command(check.Args[0], check.Args[1:]...)
		again.Env = check.Env
		return again.Run() == nil
	})
	wrong := exec.Command(check.Args[0], check.Args[1:]...)
	wrong.Env = append(os.Environ(), "REDISCLI_AUTH=another")
	if err := wrong.Run(); err == nil {
		t.Error("the health check passes with a wrong password")
	}
	refuses(t, &redis.Options{Addr: address}, "ping")
	refuses(t, &redis.Options{Addr: address, Username: "default", Password: password}, "ping")
	relays := &redis.Options{Addr: address, Username: "relay", Password: password}
	for _, command := range []string{"config get dir", "flushall", "acl list", "set other 1", "keys *", "shutdown"} {
		refuses(t, relays, command)
	}

	cfg := withTenants(speaksByOne(emulate(t, emulator.Options{})))
	cfg.Redis = map[string]string{"url": "redis://relay:" + password + "@" + address}
	first, second := serve(t, cfg), serve(t, cfg)
	c := first.dialWith(t, dialing{header: bearer(acmeKey)})
	c.send(j{"type": "generate", "generation_id": "g", "text": "lazy dog.", "idempotency_key": "order-7"})
	c.completed("g")
	eventually(t, "the other relay to know of it", func() bool {
		got := second.usage(t, acmeKey, "")
		return got.Complete && len(got.Groups) == 1 && got.Groups[0].Generations == 1
	})
	for _, command := range [][]string{{"ready", "-url", first.url}, {"ledger", "verify"}, {"ledger", "ship"}, {"ledger", "forget"}, {"usage"}} {
		if got := run(t, first.dir, "", command...); got.code != 0 || strings.Contains(got.out, "degraded") {
			t.Errorf("relay %s: exit %d, %s%s", strings.Join(command, " "), got.code, got.out, got.errout)
		}
	}
}

// refuses checks that Redis does not carry out a command.
func refuses(t *testing.T, options *redis.Options, command string) {
	t.Helper()
	db := redis.NewClient(options)
	defer db.Close()
	var args []any
	for _, word := range strings.Fields(command) {
		args = append(args, word)
	}
	if err := db.Do(context.Background(), args...).Err(); err == nil || !strings.HasPrefix(err.Error(), "NOAUTH") &&
		!strings.HasPrefix(err.Error(), "NOPERM") && !strings.HasPrefix(err.Error(), "WRONGPASS") {
		t.Errorf("%s by %q: got %v, want a refusal", command, options.Username, err)
	}
}
