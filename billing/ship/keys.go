package ship

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

const (
	tenantsKey = "usage:tenants"
	relaysKey  = "usage:relays"
	pricesKey  = "usage:prices"
)

// Bounds on one exchange with Redis.
const (
	commandsAtOnce = 64
	keysAtOnce     = 256 // of one command
)

// tenantKey is one of a tenant's keys. The braces put all of them into one slot of a cluster; a tenant's name has none,
// as the configuration sees to.
func tenantKey(tenant, what string) string { return "usage:{" + tenant + "}:" + what }

// epochsKey has the epochs of a relay's ledger.
func epochsKey(relay string) string { return "usage:epochs:" + relay }

func markKey(at stream) string { return tenantKey(at.tenant, "mark:"+at.epoch) }

func hoursKey(tenant string) string { return tenantKey(tenant, "hours") }

func sumsKey(tenant string, hour int64) string { return tenantKey(tenant, "sums:"+hourName(hour)) }

func recordsKey(tenant string, hour int64) string {
	return tenantKey(tenant, "records:"+hourName(hour))
}

func idsKey(tenant string, hour int64) string { return tenantKey(tenant, "ids:"+hourName(hour)) }

// hourName is an hour, counted from 1970, as people read it.
func hourName(hour int64) string { return hourTime(hour).Format("2006-01-02T15") }

func hourTime(hour int64) time.Time { return time.Unix(hour*secondsPerHour, 0).UTC() }

const secondsPerHour = int64(time.Hour / time.Second)

// stream is what is numbered together.
type stream struct{ epoch, tenant string }

// sortedStreams is a constant order.
func sortedStreams(of map[stream]int64) []stream {
	return slices.SortedFunc(maps.Keys(of), compareStreams)
}

func compareStreams(a, b stream) int {
	return cmp.Or(cmp.Compare(a.epoch, b.epoch), cmp.Compare(a.tenant, b.tenant))
}
