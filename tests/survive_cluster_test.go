package tests

import (
	"strings"
	"testing"
	"time"

	"voicerelay/tests/redisserver"
)

// startCluster starts a cluster's nodes.
func startCluster(t *testing.T) []*redisServer {
	t.Helper()
	var nodes []*redisServer
	for _, node := range redisserver.NewCluster(t) {
		nodes = append(nodes, withClient(t, node))
	}
	return nodes
}

// Each node of a cluster in turn is killed and comes back. Tenants whose keys lie on the others share them meanwhile.
func TestSurvivesAClusterNodeKilled(t *testing.T) {
	amongOthers(t)
	nodes := startCluster(t)
	var addresses []string
	for _, node := range nodes {
		addresses = append(addresses, "redis://"+node.Addr)
	}
	p := underLoad(t, strings.Join(addresses, ","))
	for i, node := range nodes[:sized(1, len(nodes))] {
		eventually(t, "each node to have records of some tenant", func() bool { return node.shipped() > 0 })
		node.Kill()
		p.during("meanwhile", sized(time.Second, 10*time.Second))
		node.Start()
		eventually(t, "the cluster to be whole", nodes[(i+1)%len(nodes)].ClusterIsWhole)
		p.during("between", sized(200*time.Millisecond, 5*time.Second))
	}
	p.mended()
}
