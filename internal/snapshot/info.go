package snapshot

import (
	"cmp"
	"path"
	"strconv"
	"strings"

	"tracetest/internal/redisconf"
)

// info is a reply of INFO: what stands before and after the first colon of
// each line. Sections do not matter, no name is in two of them.
type info map[string]string

func parseInfo(reply string) info {
	in := make(info, 256) // about as many as there are
	for line := range strings.Lines(reply) {
		if name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); ok && !strings.HasPrefix(line, "#") {
			in[name] = value
		}
	}
	return in
}

// flavor tells whose server it is. The forks say that they are a Redis 7.2.4
// for compatibility, so their own names come first.
func (in info) flavor() (name, version string) {
	switch {
	case in["valkey_version"] != "":
		return "valkey", in["valkey_version"]
	case in["server_name"] == "valkey":
		return "valkey", in["redis_version"]
	case in["redict_version"] != "":
		return "redict", in["redict_version"]
	case in["dragonfly_version"] != "":
		return "dragonfly", strings.TrimPrefix(in["dragonfly_version"], "df-v")
	case in["garnet_version"] != "":
		return "garnet", in["garnet_version"]
	case strings.Contains(in["features"], "cluster_mget"), strings.HasPrefix(path.Base(in["executable"]), "keydb"):
		return "keydb", in["redis_version"]
	}
	return "redis", in["redis_version"]
}

// several says whether CONFIG GET, CONFIG SET and INFO take more than one name.
func (in info) several() bool { return redisconf.SinceSeven(in.flavor()) }

func (in info) mode() string {
	return cmp.Or(in["server_mode"], in["redict_mode"], in["redis_mode"]) // Valkey, Redict
}

// partialConfig is what INFO knows of the configuration.
func (in info) partialConfig() map[string]string {
	config := make(map[string]string)
	for field, parameter := range map[string]string{
		"maxmemory": "maxmemory", "maxmemory_policy": "maxmemory-policy", "maxclients": "maxclients",
	} {
		if value, ok := in[field]; ok {
			config[parameter] = value
		}
	}
	return config
}

// count sets a figure that is above zero.
func count(figures map[string]int64, name string, n int64) map[string]int64 {
	if n <= 0 {
		return figures
	}
	if figures == nil {
		figures = make(map[string]int64)
	}
	figures[name] = n
	return figures
}

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 32)
	return err == nil
}
