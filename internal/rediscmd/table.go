package rediscmd

// table has a row for each command of which something is to be known.
var table = map[string]Command{
	ConfigSet:       {Changes: Config, Args: Settings},
	ConfigRewrite:   {Changes: Files},
	ConfigResetStat: {Changes: Statistics},

	// Modules from before Redis 8 have parameters, and commands for them, of their own.
	"FT.CONFIG SET":    {Changes: Config, Args: Settings},
	"GRAPH.CONFIG SET": {Changes: Config, Args: Settings},
	"RG.CONFIGSET":     {Changes: Config, Args: Settings},

	"REPLICAOF": {Changes: Role, Args: Master},
	"SLAVEOF":   {Changes: Role, Args: Master},
	"FAILOVER":  {Changes: Role},
	"PSYNC":     {Changes: Role, Replies: Adrift}, // with FAILOVER it makes a master of a replica
	"SYNC":      {Replies: Adrift},

	"SHUTDOWN":      {Changes: Process},
	"DEBUG":         {Changes: Statistics | Process},        // it can do anything but set parameters
	"MODULE LOAD":   {Changes: Config | Code, Args: Opaque}, // a module brings parameters with it
	"MODULE LOADEX": {Changes: Config | Code, Args: Opaque},
	"MODULE UNLOAD": {Changes: Config | Code},

	"FLUSHALL": {Changes: Data},
	"FLUSHDB":  {Changes: Data},
	"SWAPDB":   {Changes: Data},

	"ACL SETUSER": {Changes: Users, Args: Rules},
	"ACL DELUSER": {Changes: Users},
	"ACL LOAD":    {Changes: Users},
	"ACL SAVE":    {Changes: Files},
	"ACL LOG":     {Shows: ShowsCommands},

	"SCRIPT FLUSH":     {Changes: Code},
	"SCRIPT KILL":      {Changes: Clients},
	"FUNCTION LOAD":    {Changes: Code, Args: Body},
	"FUNCTION DELETE":  {Changes: Code},
	"FUNCTION FLUSH":   {Changes: Code},
	"FUNCTION RESTORE": {Changes: Code, Args: Body},
	"FUNCTION KILL":    {Changes: Clients},
	"TFUNCTION LOAD":   {Changes: Code, Args: Body},
	"TFUNCTION DELETE": {Changes: Code},

	"CLIENT KILL":    {Changes: Clients, Shows: ShowsClients}, // it can be tracetest's
	"CLIENT PAUSE":   {Changes: Clients},
	"CLIENT UNPAUSE": {Changes: Clients},
	"CLIENT UNBLOCK": {Changes: Clients},
	"CLIENT LIST":    {Shows: ShowsClients},
	"CLIENT REPLY":   {Replies: Adrift},

	"CLUSTER ADDSLOTS":             {Changes: Nodes},
	"CLUSTER ADDSLOTSRANGE":        {Changes: Nodes},
	"CLUSTER BUMPEPOCH":            {Changes: Nodes},
	"CLUSTER CANCELSLOTMIGRATIONS": {Changes: Nodes},
	"CLUSTER DELSLOTS":             {Changes: Nodes},
	"CLUSTER DELSLOTSRANGE":        {Changes: Nodes},
	"CLUSTER FAILOVER":             {Changes: Nodes | Role},
	"CLUSTER FLUSHSLOT":            {Changes: Nodes},
	"CLUSTER FLUSHSLOTS":           {Changes: Nodes},
	"CLUSTER FORGET":               {Changes: Nodes},
	"CLUSTER MEET":                 {Changes: Nodes},
	"CLUSTER MIGRATESLOTS":         {Changes: Nodes},
	"CLUSTER MIGRATION":            {Changes: Nodes},
	"CLUSTER REPLICATE":            {Changes: Nodes | Role},
	"CLUSTER RESET":                {Changes: Nodes | Role},
	"CLUSTER SAVECONFIG":           {Changes: Files},
	"CLUSTER SETSLOT":              {Changes: Nodes},
	"CLUSTER SET-CONFIG-EPOCH":     {Changes: Nodes},

	"SENTINEL CONFIG":           {Changes: Nodes, Args: Options},
	"SENTINEL DEBUG":            {Changes: Nodes},
	"SENTINEL FAILOVER":         {Changes: Nodes | Role},
	"SENTINEL FLUSHCONFIG":      {Changes: Nodes},
	"SENTINEL MONITOR":          {Changes: Nodes},
	"SENTINEL REMOVE":           {Changes: Nodes},
	"SENTINEL RESET":            {Changes: Nodes},
	"SENTINEL SET":              {Changes: Nodes, Args: Options},
	"SENTINEL SIMULATE-FAILURE": {Changes: Nodes},

	"INFO":              {Shows: ShowsTotals, Args: Sections},
	"MONITOR":           {Shows: ShowsCommands, Replies: Adrift},
	"SLOWLOG GET":       {Shows: ShowsCommands},
	"SLOWLOG LEN":       {Shows: ShowsCommands},
	"SLOWLOG RESET":     {Shows: ShowsCommands, Changes: Logs},
	"COMMANDLOG GET":    {Shows: ShowsCommands}, // Valkey 8.1, in the place of SLOWLOG
	"COMMANDLOG LEN":    {Shows: ShowsCommands},
	"COMMANDLOG RESET":  {Shows: ShowsCommands, Changes: Logs},
	"LATENCY DOCTOR":    {Shows: ShowsCommands},
	"LATENCY GRAPH":     {Shows: ShowsCommands},
	"LATENCY HISTOGRAM": {Shows: ShowsCommands},
	"LATENCY HISTORY":   {Shows: ShowsCommands},
	"LATENCY LATEST":    {Shows: ShowsCommands},
	"LATENCY RESET":     {Shows: ShowsCommands, Changes: Logs},
	"HOTKEYS START":     {Changes: Logs}, // Redis 8.6; tracetest reads no keys
	"HOTKEYS STOP":      {Changes: Logs},
	"HOTKEYS RESET":     {Changes: Logs},

	"AUTH":       {Args: Login},
	"HELLO":      {Args: Login},
	"MULTI":      {Replies: Queues},
	"EXEC":       {Replies: Executes},
	"DISCARD":    {Replies: Discards},
	"RESET":      {Replies: Discards},
	"SUBSCRIBE":  {Replies: Adrift},
	"PSUBSCRIBE": {Replies: Adrift},
	"SSUBSCRIBE": {Replies: Adrift},

	// With these, or any of the others, a client begins that sends lines.
	"ECHO":   {},
	"PING":   {},
	"SELECT": {},
}

// quiet are commands that can neither add nor delete keys nor change anything but the
// connection that they are sent on: a test that sent no others left nothing that a snapshot
// could show. One that deletes keys is none: a test that deletes what there was and sets it
// anew leaves no more than it found. Scripts are none, not even those that only read: they are cached and can
// block the server. A command that waits for others is none either.
var quiet = []string{
	"GET", "MGET", "STRLEN", "GETRANGE", "EXISTS", "TTL", "PTTL", "TYPE", "KEYS", "SCAN", "DBSIZE", "RANDOMKEY",
	"HGET", "HMGET", "HGETALL", "HEXISTS", "HLEN", "HKEYS", "HVALS", "HSCAN",
	"LLEN", "LRANGE", "LINDEX", "SCARD", "SMEMBERS", "SISMEMBER", "SMISMEMBER", "SSCAN",
	"ZCARD", "ZCOUNT", "ZRANGE", "ZRANGEBYSCORE", "ZREVRANGE", "ZRANK", "ZSCORE", "ZMSCORE", "ZSCAN",
	"PING", "ECHO", "TIME", "AUTH", "HELLO", "SELECT", "QUIT", "COMMAND",
	"CLIENT SETINFO", "CLIENT SETNAME", "CLIENT GETNAME", "CLIENT ID", "CLIENT INFO", "CONFIG GET", "INFO",
}

// sections are those of INFO that show other clients.
var sections = map[string]Shows{
	"default":      ShowsTotals,
	"stats":        ShowsCommands,
	"commandstats": ShowsCommands,
	"errorstats":   ShowsCommands,
	"latencystats": ShowsCommands,
	"clients":      ShowsClients,
	"all":          ShowsClients,
	"everything":   ShowsClients,
}

// searchNames are the parameters, of those that can be set, that FT.CONFIG does not
// call by their name without search- and with _ in the place of -.
var searchNames = map[string]string{
	"FORKGC_SLEEP_BEFORE_EXIT": "search-fork-gc-sleep-before-exit",
	"GCSCANSIZE":               "search-gc-scan-size",
	"MAXAGGREGATERESULTS":      "search-max-aggregate-results",
	"MAXEXPANSIONS":            "search-max-prefix-expansions",
	"MAXPREFIXEXPANSIONS":      "search-max-prefix-expansions",
	"MAXSEARCHRESULTS":         "search-max-search-results",
	"MINPREFIX":                "search-min-prefix",
	"MINSTEMLEN":               "search-min-stem-len",
}
