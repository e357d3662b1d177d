package rediscmd_test

import (
	"slices"
	"strings"
	"testing"

	"tracetest/internal/rediscmd"
	"tracetest/internal/redistest"
)

func words(command string) []string { return strings.Fields(command) }

func TestOf(t *testing.T) {
	for command, want := range map[string]string{
		"config set maxmemory 1": "CONFIG SET", "Config SET": "CONFIG SET", "CONFIG": "", "config get maxmemory": "", "flushall async": "FLUSHALL",
		"FT.config set TIMEOUT 1": "FT.CONFIG SET", "debug sleep 1": "DEBUG", "get config": "", "info stats": "INFO", "": "", "acl setuser bob": "ACL SETUSER",
	} {
		if got := rediscmd.Of(words(command)).Name; got != want {
			t.Errorf("%s is %q, want %q", command, got, want)
		}
	}
	if c := rediscmd.Of([]string{"CONFIG SET", "maxmemory", "1"}); c.Name != "" {
		t.Errorf("two words sent as one are %q, which no server knows", c.Name)
	}
}

func TestNamed(t *testing.T) {
	for name, want := range map[string]rediscmd.Change{
		"config|set": rediscmd.Config, "config": rediscmd.Config | rediscmd.Files | rediscmd.Statistics, "config|get": 0, "get": 0, "": 0,
		"replicaof": rediscmd.Role, "FT.CONFIG|SET": rediscmd.Config, "FT.CONFIG": rediscmd.Config, "client|list": 0, "client": rediscmd.Clients,
	} {
		if got := rediscmd.Named(name).Changes; got != want {
			t.Errorf("%q changes %b, want %b", name, got, want)
		}
	}
}

func TestShownBy(t *testing.T) {
	for command, want := range map[string]rediscmd.Shows{
		"info": rediscmd.ShowsTotals, "INFO Memory": rediscmd.ShowsNothing, "info default": rediscmd.ShowsTotals, "info server CommandStats": rediscmd.ShowsCommands,
		"info stats clients": rediscmd.ShowsClients, "INFO everything": rediscmd.ShowsClients, "slowlog get 10": rediscmd.ShowsCommands,
		"client list": rediscmd.ShowsClients, "client kill id 7": rediscmd.ShowsClients, "monitor": rediscmd.ShowsCommands, "get key": rediscmd.ShowsNothing,
		"commandlog get 1 slow": rediscmd.ShowsCommands,
	} {
		if got := rediscmd.ShownBy(words(command)); got != want {
			t.Errorf("%s shows %d, want %d", command, got, want)
		}
	}
}

func TestSettingsOf(t *testing.T) {
	type settings = []rediscmd.Setting
	for command, want := range map[string]settings{
		"CONFIG SET maxmemory 1 hz 20 odd":     {{"maxmemory", "1", 3}, {"hz", "20", 5}},
		"config set maxmemory":                 nil,
		"config get maxmemory 1":               nil,
		"replicaof no one":                     {{Parameter: "replicaof"}},
		"SLAVEOF host 6379":                    {{Parameter: "replicaof", Value: "host 6379"}},
		"REPLICAOF host":                       nil,
		"FT.CONFIG SET timeout 100":            {{"search-timeout", "100", 3}},
		"FT.CONFIG SET MAXEXPANSIONS 9":        {{"search-max-prefix-expansions", "9", 3}},
		"FT.CONFIG SET DEFAULT_DIALECT 2":      {{"search-default-dialect", "2", 3}},
		"ft.config set _NUMERIC_COMPRESS true": {{"search-_numeric-compress", "true", 3}},
		"RG.CONFIGSET ExecutionThreads 4":      {{"rg.executionthreads", "4", 2}},
		"GRAPH.CONFIG SET TIMEOUT 7":           {{"graph.timeout", "7", 3}},
		"SENTINEL SET main quorum 2":           nil,
	} {
		if got := rediscmd.SettingsOf(words(command)); !slices.Equal(got, want) {
			t.Errorf("%s sets %v, want %v", command, got, want)
		}
	}
}

func TestAsksForFailover(t *testing.T) {
	for command, want := range map[string]bool{
		"failover": true, "FAILOVER TO h 1": true, "cluster failover takeover": true, "cluster replicate x": true, "cluster reset": true,
		"sentinel failover main": true, "replicaof h 1": false, "slaveof no one": false, "cluster meet h 1": false, "config set a b": false, "": false,
	} {
		if got := rediscmd.Of(words(command)).AsksForFailover(); got != want {
			t.Errorf("%s asks for a failover: %v", command, got)
		}
	}
}

// Whatever the trace reports as a change of parameters, the cheap snapshot takes for
// one too, and the other way round what that takes for one by its name alone.
func TestMayConfigure(t *testing.T) {
	for _, name := range rediscmd.Names() {
		c := rediscmd.Of(words(name))
		for _, reported := range []string{strings.ReplaceAll(name, " ", "|"), strings.ToLower(strings.ReplaceAll(name, " ", "|"))} {
			if c.Changes&(rediscmd.Config|rediscmd.Role) != 0 && !rediscmd.MayConfigure(reported) {
				t.Errorf("%s changes parameters, and may not by the name %s", name, reported)
			}
		}
	}
	for name, want := range map[string]bool{
		"get": false, "info": false, "client|list": false, "slowlog|get": false, "script|flush": false, "flushall": false,
		"config|later": true, "cluster|later": true, "acl|setuser": true, "module|load": true, "debug": true, "psync": true, "failover": true,
		"FT.CONFIG": true, "ft.config|set": true, "_FT.CONFIG": true, "dflycluster|config": true, "x.configure": true,
	} {
		if got := rediscmd.MayConfigure(name); got != want {
			t.Errorf("%s may change parameters: %v", name, got)
		}
	}
}

// harmless are the commands that a server calls dangerous, or an administrator's,
// and that change nothing that is sampled and show no other client.
var harmless = map[string]string{
	"acl|dryrun": "reads", "acl|getuser": "reads", "acl|list": "reads", "acl|users": "reads", "cluster|count-failure-reports": "reads",
	"cluster|replicas": "reads", "cluster|slaves": "reads", "config|get": "reads", "keys": "reads", "lastsave": "reads", "module|list": "reads",
	"role": "reads", "sort_ro": "reads", "cluster|slot-stats": "reads", "cluster|getslotmigrations": "reads", "hotkeys|get": "reads",
	"migrate": "single keys", "restore": "single keys", "restore-asking": "single keys", "sort": "single keys",
	"pfdebug": "single keys", "pfselftest": "a test",
	"save": "the data goes to its file", "bgsave": "the data goes to its file", "bgrewriteaof": "the data goes to its file",
	"client|no-evict": "its own connection", "replconf": "its own connection", "cluster|syncslots": "between nodes",
}

// Every command that the server flags is known, one way or the other.
func TestCommandsOfTheServer(t *testing.T) {
	server := redistest.Start(t)
	list := func(args ...any) []string {
		return strings.Fields(strings.Trim(server.Do(t, append([]any{"command", "list"}, args...)...), "[]"))
	}
	all := list()
	if len(all) < 200 {
		t.Fatalf("the server lists %d commands only", len(all))
	}
	for _, name := range slices.Concat(list("filterby", "aclcat", "admin"), list("filterby", "aclcat", "dangerous")) {
		if known := rediscmd.Named(name).Name != ""; known == (harmless[name] != "") {
			t.Errorf("%s has a row: %v, and is listed as harmless: %v", name, known, !known)
		}
	}
	for _, name := range rediscmd.Names() { // against a row that is misspelt
		family, _, _ := strings.Cut(strings.ToLower(name), " ")
		if !slices.Contains(all, strings.ToLower(strings.ReplaceAll(name, " ", "|"))) && !slices.Contains(elsewhere, family) && !slices.Contains(elsewhere, name) {
			t.Errorf("%s is no command of this server", name)
		}
	}
}

// elsewhere are commands and families that Redis 7.0 does not have.
var elsewhere = []string{
	"sentinel", "commandlog", "hotkeys", "tfunction", "ft.config", "graph.config", "rg.configset",
	"CLUSTER CANCELSLOTMIGRATIONS", "CLUSTER FLUSHSLOT", "CLUSTER MIGRATESLOTS", "CLUSTER MIGRATION",
}
