package redisconf

// policies are the values of maxmemory-policy.
var policies = []string{"noeviction", "allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"}

var yesNo = []string{"yes", "no"}

// table has a row for each parameter of which something is to be known, under
// its current name. The defaults are measured: see CONFIG GET of the releases
// in the package comment.
var table = map[string]Parameter{
	"maxmemory":         {Kind: Memory, Unlimited: true, Default: "0"},
	"maxmemory-clients": {Kind: Memory, Unlimited: true}, // or a percentage of maxmemory
	"maxmemory-dataset": {Kind: Memory},
	"maxmemory-policy":  {Kind: Words, Default: "noeviction", Values: policies},
	"maxmemory-samples": {Kind: Number, Default: "5"},
	"maxclients":        {Kind: Number, Locks: true},
	"timeout":           {Kind: Number, Unlimited: true, Default: "0"},
	"hz":                {Kind: Number, Default: "10"},

	"repl-backlog-size":                     {Kind: Memory},
	"replica-full-sync-buffer-limit":        {Kind: Memory, Unlimited: true},
	"client-query-buffer-limit":             {Kind: Memory},
	"client-output-buffer-limit":            {Kind: Limits},
	"cluster-link-sendbuf-limit":            {Kind: Memory, Unlimited: true},
	"proto-max-bulk-len":                    {Kind: Memory},
	"auto-aof-rewrite-min-size":             {Kind: Memory},
	"active-defrag-ignore-bytes":            {Kind: Memory},
	"stream-node-max-bytes":                 {Kind: Memory, Unlimited: true},
	"hll-sparse-max-bytes":                  {Kind: Memory},
	"loading-process-events-interval-bytes": {Kind: Memory},

	"appendonly":                      {Kind: Words, Default: "no", Values: yesNo},
	"appendfsync":                     {Kind: Words, Values: []string{"always", "everysec", "no"}},
	"protected-mode":                  {Kind: Words, Values: yesNo, Locks: true},
	"repl-diskless-load":              {Kind: Words},
	"acl-pubsub-default":              {Kind: Words},
	"sanitize-dump-payload":           {Kind: Words},
	"tls-auth-clients":                {Kind: Words},
	"cluster-preferred-endpoint-type": {Kind: Words},
	"propagation-error-behavior":      {Kind: Words},
	"shutdown-on-sigint":              {Kind: Words},
	"shutdown-on-sigterm":             {Kind: Words},

	"save":                   {Kind: Save},
	"notify-keyspace-events": {Kind: Events, Values: []string{"KEA", "Ex"}},

	"replicaof": {Role: true},

	"hash-seed":         {Secret: true},
	"requirepass":       {Secret: true, Locks: true},
	"primaryauth":       {Secret: true},
	"tls-key-file-pass": {Secret: true},

	"dir":                 {Place: true, Fixed: true},
	"dbfilename":          {Place: true, Fixed: true},
	"appendfilename":      {Place: true, Fixed: true},
	"appenddirname":       {Place: true, Fixed: true},
	"aclfile":             {Place: true, Fixed: true, Locks: true},
	"logfile":             {Place: true, Fixed: true},
	"pidfile":             {Place: true, Fixed: true},
	"unixsocket":          {Place: true, Fixed: true, Locks: true},
	"unixsocketperm":      {Place: true, Fixed: true, Locks: true},
	"cluster-config-file": {Place: true, Fixed: true},
	"cluster-port":        {Place: true, Fixed: true},
	"syslog-enabled":      {Place: true, Fixed: true},
	"syslog-ident":        {Place: true, Fixed: true},
	"syslog-facility":     {Kind: Words, Place: true, Fixed: true},
	"supervised":          {Kind: Words, Place: true, Fixed: true},
	"daemonize":           {Place: true, Fixed: true},
	"set-proc-title":      {Place: true, Fixed: true},
	"always-show-logo":    {Place: true, Fixed: true},
	"tcp-backlog":         {Place: true, Fixed: true},
	"disable-thp":         {Place: true, Fixed: true},
	"socket-mark-id":      {Place: true, Fixed: true},
	"server-cpulist":      {Place: true, Fixed: true},
	"bio-cpulist":         {Place: true, Fixed: true},
	"aof-rewrite-cpulist": {Place: true, Fixed: true},
	"bgsave-cpulist":      {Place: true, Fixed: true},
	"io-threads":          {Place: true, Fixed: true},
	"io-threads-do-reads": {Place: true, Fixed: true},

	"port":                      {Place: true, Locks: true},
	"tls-port":                  {Place: true},
	"bind":                      {Place: true, Locks: true},
	"bind-source-addr":          {Place: true},
	"cluster-announce-ip":       {Place: true},
	"cluster-announce-port":     {Place: true},
	"cluster-announce-bus-port": {Place: true},
	"cluster-announce-tls-port": {Place: true},
	"cluster-announce-hostname": {Place: true},
	"replica-announce-ip":       {Place: true},
	"replica-announce-port":     {Place: true},
	"proc-title-template":       {Place: true},
	"loglevel":                  {Kind: Words, Place: true},
	"crash-log-enabled":         {Place: true},
	"crash-memcheck-enabled":    {Place: true},
	"watchdog-period":           {Place: true},
	"oom-score-adj":             {Kind: Words, Place: true},
	"oom-score-adj-values":      {Place: true},
	"tls-cert-file":             {Place: true},
	"tls-key-file":              {Place: true},
	"tls-ca-cert-file":          {Place: true},
	"tls-ca-cert-dir":           {Place: true},
	"tls-dh-params-file":        {Place: true},
	"tls-client-cert-file":      {Place: true},
	"tls-client-key-file":       {Place: true},

	"databases":                {Fixed: true},
	"cluster-enabled":          {Fixed: true},
	"rdbchecksum":              {Fixed: true},
	"enable-protected-configs": {Kind: Words, Fixed: true},
	"enable-debug-command":     {Kind: Words, Fixed: true},
	"enable-module-command":    {Kind: Words, Fixed: true},
}

// families are beginnings of names, with what all of that family have in common.
var families = []struct {
	begin string
	Parameter
}{
	{"slowlog-", Parameter{ReadsBack: true, Logs: true}},
	{"commandlog-", Parameter{ReadsBack: true, Logs: true}},
	{"latency-", Parameter{Logs: true}},
	{"latency-monitor-", Parameter{ReadsBack: true}},
	{"tls-", Parameter{Locks: true}},

	{"maxmemory", readsBack}, {"lfu-", readsBack}, {"lazyfree-", readsBack}, {"list-", readsBack}, {"hash-", readsBack}, {"set-", readsBack},
	{"zset-", readsBack}, {"stream-", readsBack}, {"active", readsBack}, {"notify-keyspace-events", readsBack}, {"appendonly", readsBack},
	{"appendfsync", readsBack}, {"timeout", readsBack}, {"hz", readsBack}, {"tcp-keepalive", readsBack}, {"min-replicas-", readsBack},
	{"replica-read-only", readsBack}, {"replica-serve-stale-data", readsBack}, {"stop-writes-on-bgsave-error", readsBack},
	{"busy-reply-threshold", readsBack}, {"proto-max-bulk-len", readsBack}, {"dynamic-hz", readsBack},
}

var readsBack = Parameter{ReadsBack: true}

// renamed are old names that no rule of [CurrentName] covers.
var renamed = map[string]string{
	"lua-time-limit":          "busy-reply-threshold",
	"masterauth":              "primaryauth",
	"masteruser":              "primaryuser",
	"slowlog-log-slower-than": "commandlog-execution-slower-than",
	"slowlog-max-len":         "commandlog-slow-execution-max-len",
}
