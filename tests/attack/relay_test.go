package attack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"voicerelay/tests/process"
)

// deadline bounds every wait for something that must come.
const deadline = process.Deadline

// Keys of the tenants, and of the operator.
const (
	calmKey    = "k-calm-0123456789abcdef"
	hostileKey = "k-hostile-0123456789abcdef"
	adminKey   = "k-admin-0123456789abcdef"
	vendorKey  = "k-vendor-0123456789abcdef"
)

// A relay is a running relay process.
type relay struct {
	*process.Server
	t              *testing.T
	address, admin string // host:port
	dir, config    string
}

// settings are the relay's configuration. Hostile keys have generous rates, as those of a large customer do: what bounds
// them is not what a developer's key is given.
const settings = `
listen: 127.0.0.1:0
admin_listen: %q
shutdown_grace: 2s
log: {level: debug}
keys:
  - {name: caller, tenant: calm, key: %q, limits: {generations_per_minute: 100000, http_generations_per_minute: 100000}}
  - {name: stranger, tenant: hostile, key: %q, limits: {generations_per_minute: 6000, http_generations_per_minute: 6000}}
  - {name: ops, tenant: ops, key: %q, admin: true}
tenants:
  hostile: {allow: {raw: true}}
limits: {max_connections: 400}
providers:
  well: {adapter: kugelaudio, url: %q, api_key: %q, max_concurrent: 24, warm: 1}
  far: {adapter: kugelaudio, url: %q, api_key: %q, max_concurrent: 24}
  ill: {adapter: kugelaudio, url: %q, api_key: %q, max_concurrent: 24}
  local: {adapter: command, options: {command: [sh, -c, %q, "{voice}"], output: {encoding: pcm_s16le, sample_rate: 24000}, timeout: 2s}}
routes:
  default: {voice: narrator, targets: [{provider: well, model: kugel-3}], hedge_after: 0s, first_audio_timeout: 20s, stall_timeout: 20s}
  far: {voice: narrator, targets: [{provider: far, model: kugel-3}], hedge_after: 0s, first_audio_timeout: 20s, stall_timeout: 20s}
  ill: {voice: narrator, targets: [{provider: ill, model: kugel-3}], hedge_after: 0s, first_audio_timeout: 2s}
  local: {voice: narrator, targets: [{provider: local}], hedge_after: 0s, first_audio_timeout: 2s}
voices:
  narrator: {language: en, ids: {well: "1071", far: "1071", ill: "1071", local: "en"}}
circuit: {consecutive_failures: 1000, failure_ratio: 1, min_requests: 100000}
`

// start starts a relay that speaks by a well vendor, and by the attacker's or a program where hostile tenants ask for them.
func start(t *testing.T, well string, attacker *attacker, script string) *relay {
	t.Helper()
	r := &relay{t: t, dir: t.TempDir(), admin: process.FreeAddress(t)}
	r.config = filepath.Join(r.dir, "config.yaml")
	text := fmt.Sprintf(settings, r.admin, calmKey, hostileKey, adminKey, well, vendorKey, attacker.far, vendorKey, attacker.vendor, vendorKey, script)
	if err := os.WriteFile(r.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r.Server = process.Start(t, process.Command(program, r.dir, "serve", "-config", r.config),
		"\x1b", calmKey, hostileKey, adminKey, vendorKey, secretText)
	r.address = strings.TrimPrefix(r.URL, "http://")
	return r
}

// verify stops the relay and has the ledger checked.
func (r *relay) verify() {
	r.t.Helper()
	r.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "ledger", "verify", "-config", r.config)
	cmd.Dir = r.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Errorf("ledger verify: %v\n%s", err, out)
	}
}
