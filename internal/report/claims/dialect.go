package claims

import "strings"

// dialect is how a client gets and sets a parameter, as Go code with words in capitals for what
// is put in: the client, the context, the package of the client, the names of variables.
type dialect struct {
	name   string
	getter string // statements that define INTO and ERR
	take   string // the value in FROM
	setter string // an expression with an error; of redigo, with a result before it
	before string // what a statement defines before ERR
	expect string // what Gomega's Expect of the setter needs to be right
	words  words
	// noContext is set where the client takes none.
	noContext bool
}

// words are the expressions for a client where a clean-up stands.
type words struct{ client, context, pkg string }

func (w words) in(text string, more ...string) string {
	return strings.NewReplacer(append([]string{"CLIENT", w.client, "CONTEXT", w.context, "PKG", w.pkg}, more...)...).Replace(text)
}

func (d dialect) get(into, err, parameter string) string {
	return d.words.in(d.getter, "INTO", into, "ERR", err, "NAME", parameter)
}

func (d dialect) value(from, parameter string) string {
	return d.words.in(d.take, "FROM", from, "NAME", parameter)
}

// set is a statement that defines an error.
func (d dialect) set(err, parameter, value string) string {
	return d.before + err + " := " + d.words.in(d.setter, "NAME", parameter, "VALUE", value)
}

// assert is set as an assertion of Gomega's.
func (d dialect) assert(expect, parameter, value string) string {
	return expect + "(" + d.words.in(d.setter, "NAME", parameter, "VALUE", value) + ")" + d.expect
}

// usual are the names of variables in a client's own examples.
func usual(client string) words {
	switch client {
	case "rueidis", "valkey-go", "radix":
		return words{"client", "ctx", "radix"}
	case "redigo":
		return words{"conn", "ctx", "redis"}
	}
	return words{"rdb", "ctx", "redis"}
}

func dialectOf(client string, w words) dialect {
	d := dialect{name: client, take: "FROM[NAME]", expect: ".To(Succeed())", words: w}
	switch client {
	case "rueidis", "valkey-go":
		d.getter = "INTO, ERR := CLIENT.Do(CONTEXT, CLIENT.B().ConfigGet().Parameter(NAME).Build()).AsStrMap()"
		d.setter = "CLIENT.Do(CONTEXT, CLIENT.B().ConfigSet().ParameterValue().ParameterValue(NAME, VALUE).Build()).Error()"
	case "redigo":
		d.getter = `INTO, ERR := PKG.StringMap(CLIENT.Do("CONFIG", "GET", NAME))`
		d.setter = `CLIENT.Do("CONFIG", "SET", NAME, VALUE)`
		d.before, d.expect, d.noContext = "_, ", ".Error().NotTo(HaveOccurred())", true
	case "radix":
		d.getter = "var INTO map[string]string\nERR := CLIENT.Do(CONTEXT, PKG.Cmd(&INTO, \"CONFIG\", \"GET\", NAME))"
		d.setter = `CLIENT.Do(CONTEXT, PKG.Cmd(nil, "CONFIG", "SET", NAME, VALUE))`
	case "go-redis v8":
		d.getter, d.setter = "INTO, ERR := CLIENT.ConfigGet(CONTEXT, NAME).Result()", "CLIENT.ConfigSet(CONTEXT, NAME, VALUE).Err()"
		d.take = "FROM[1].(string)"
	default:
		if client == "" {
			d.name = "go-redis"
		}
		d.getter, d.setter = "INTO, ERR := CLIENT.ConfigGet(CONTEXT, NAME).Result()", "CLIENT.ConfigSet(CONTEXT, NAME, VALUE).Err()"
	}
	return d
}
