package snapshot

import "tracetest/internal/rediscli"

// denied is which of the two questions a server does not answer, as it refused them: nil is what it answers.
type denied struct{ config, info error }

func (d *denied) Error() string {
	perm, gone := says(d.config, "NOPERM"), isUnknownCommand(d.config)
	switch {
	case perm && says(d.info, "NOPERM"):
		return "NOPERM: this user may run neither CONFIG GET nor INFO"
	case gone && isUnknownCommand(d.info):
		return "it knows neither CONFIG nor INFO"
	case d.info == nil:
		return refusedOf("CONFIG", "CONFIG GET", d.config)
	case d.config == nil:
		return refusedOf("INFO", "INFO", d.info)
	}
	return refusedOf("CONFIG", "CONFIG GET", d.config) + ", and " + refusedOf("INFO", "INFO", d.info)
}

func refusedOf(command, question string, err error) string {
	switch {
	case says(err, "NOPERM"):
		return "NOPERM: this user may not run " + question
	case isUnknownCommand(err):
		return command + " is renamed or disabled, as managed services do"
	case isReply(err):
		return "to " + question + " the server says: " + err.Error()
	}
	return "no answer to " + question
}

// cure is what can be done about it. That less is watched is offered only where something is left to watch.
func (d *denied) cure(user string) string {
	all := d.config != nil && d.info != nil
	switch {
	case says(d.config, "NOPERM"), says(d.info, "NOPERM"):
		allow := "allow it as an administrator, `ACL SETUSER " + rediscli.Quote(user) + " +config|get +info` (and +config|set for --restore)"
		if all {
			return allow
		}
		return allow + ", or watch less with --allow-partial"
	case all:
		return "where it is a proxy, name the Redis behind it with --redis, and let the tests use that; of any other server nothing can be watched"
	case d.config != nil:
		return "--allow-partial watches " + ofInfo + " alone"
	}
	return "--allow-partial watches the configuration alone"
}

// ofInfo is what INFO shows of the configuration.
const ofInfo = "maxmemory, maxmemory-policy and maxclients"

// partial says what is not watched of a server of which one question is denied.
func (d *denied) partial() string {
	switch {
	case d.info != nil:
		return "INFO cannot be read: memory, evictions, rejected commands and restarts are not seen"
	case says(d.config, "NOPERM"):
		return "this user may not run CONFIG GET: only " + ofInfo + " are watched, by INFO"
	}
	return "CONFIG is renamed or disabled on this server: only " + ofInfo + " are watched, by INFO"
}
