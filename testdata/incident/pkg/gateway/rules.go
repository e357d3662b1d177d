package gateway

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Verdict is what the rules say about an alert.
type Verdict struct {
	Priority string // P0 to P3
	Route    string // who is told
	Runbook  string
}

// RuleTable answers for every namespace, alert and severity how urgent the
// alert is and who is told. It is compiled to one Lua script per namespace and
// cached on the Redis server with SCRIPT LOAD, so that all gateways decide by the
// same rules, whatever version of the table they were built with.
type RuleTable struct {
	rdb   redis.Cmdable
	packs map[string]*redis.Script
	size  int
}

// triage is the pack of the namespaces that have no pack of their own.
const triage = "triage"

var environments = []string{"prod", "staging", "test", "dev"}

var teams = []string{
	"accounts", "analytics", "auth", "billing", "cart", "catalog", "chat", "checkout",
	"content", "crm", "delivery", "devices", "email", "events", "export", "fraud",
	"geo", "identity", "inventory", "invoices", "ledger", "loyalty", "media", "orders",
	"payments", "pricing", "profiles", "reports", "returns", "search", "shipping", "tax",
}

var alertNames = []string{
	"AlertmanagerDown", "CertificateExpiresSoon", "ContainerOOMKilled", "ContainerThrottled",
	"CronJobMissedSchedule", "DaemonSetRolloutStuck", "DatabaseConnectionsExhausted",
	"DatabaseReplicationLag", "DeploymentGenerationMismatch", "DeploymentReplicasMismatch",
	"DiskFillsUp", "DiskIOSaturated", "DNSErrors", "EndpointDown", "ErrorBudgetBurn",
	"EtcdNoLeader", "HighErrorRate", "HighLatency", "HighMemoryUsage", "HPAMaxedOut",
	"IngressErrors", "JobFailed", "KafkaConsumerLag", "KubeletDown", "NetworkErrors",
	"NodeClockSkew", "NodeNotReady", "NodePressure", "PersistentVolumeErrors",
	"PersistentVolumeFillsUp", "PodCrashLooping", "PodNotReady", "PodPending",
	"QuotaExceeded", "RedisMemoryHigh", "RedisReplicationBroken", "SchedulerDown",
	"ServiceMeshDown", "StatefulSetReplicasMismatch", "TargetMissing",
}

// NewRuleTable compiles the rules: 129 scripts, more than 2 MB in all.
func NewRuleTable(rdb redis.Cmdable) *RuleTable {
	t := &RuleTable{rdb: rdb, packs: map[string]*redis.Script{}}
	t.add(triage, "local rules = {}\n")
	for _, team := range teams {
		for _, env := range environments {
			t.add(team+"-"+env, compile(team, env))
		}
	}
	return t
}

func (t *RuleTable) add(namespace, rules string) {
	source := "-- rules of " + namespace + "\n" + rules +
		"return rules[ARGV[1]..'|'..ARGV[2]] or {'P3', 'triage', ''}\n"
	t.size += len(source)
	t.packs[namespace] = redis.NewScript(source)
}

func compile(team, env string) string {
	var b strings.Builder
	b.WriteString("local rules = {\n")
	for _, name := range alertNames {
		for urgency, severity := range []string{SeverityCritical, SeverityWarning, SeverityInfo} {
			fmt.Fprintf(&b, "  ['%s|%s'] = {'%s', '%s', 'https://runbooks.example.com/teams/%s/%s/alerts/%s.html#%s'},\n",
				name, severity, priority(env, urgency), route(team, env), team, env, name, severity)
		}
	}
	b.WriteString("}\n")
	return b.String()
}

// priority goes down one step with each step of the severity, and one more
// outside of production.
func priority(env string, urgency int) string {
	if env != "prod" {
		urgency++
	}
	return fmt.Sprintf("P%d", min(urgency, 3))
}

func route(team, env string) string {
	if env == "prod" {
		return team + "-oncall"
	}
	return team + "-channel"
}

// Size is the number of bytes that the table takes as scripts.
func (t *RuleTable) Size() int { return t.size }

// Load caches the table on the server. Loading it again changes nothing.
func (t *RuleTable) Load(ctx context.Context) error {
	for namespace, pack := range t.packs {
		if err := pack.Load(ctx, t.rdb).Err(); err != nil {
			return fmt.Errorf("load rules of %s: %w", namespace, err)
		}
	}
	return nil
}

// Loaded reports whether the server has the whole table.
func (t *RuleTable) Loaded(ctx context.Context) (bool, error) {
	for namespace, pack := range t.packs {
		exists, err := pack.Exists(ctx, t.rdb).Result()
		if err != nil {
			return false, fmt.Errorf("look for rules of %s: %w", namespace, err)
		}
		if !exists[0] {
			return false, nil
		}
	}
	return true, nil
}

// Evaluate asks the rules about an alert. The scripts only read their own table,
// no key, so they work whatever state the keyspace is in.
func (t *RuleTable) Evaluate(ctx context.Context, a Alert) (Verdict, error) {
	pack, ok := t.packs[a.Namespace]
	if !ok {
		pack = t.packs[triage]
	}
	answer, err := pack.EvalSha(ctx, t.rdb, nil, a.Name, a.Severity).StringSlice()
	if redis.HasErrorPrefix(err, "NOSCRIPT") { // the server was restarted
		if err := pack.Load(ctx, t.rdb).Err(); err != nil {
			return Verdict{}, fmt.Errorf("load rules of %s: %w", a.Namespace, err)
		}
		answer, err = pack.EvalSha(ctx, t.rdb, nil, a.Name, a.Severity).StringSlice()
	}
	if err != nil {
		return Verdict{}, fmt.Errorf("rules of %s: %w", a.Namespace, err)
	}
	if len(answer) != 3 {
		return Verdict{}, fmt.Errorf("rules of %s: %d values in the answer", a.Namespace, len(answer))
	}
	return Verdict{Priority: answer[0], Route: answer[1], Runbook: answer[2]}, nil
}
