package findings

import "strings"

// Rel makes a path relative to the folder that the run was started in, by its
// text alone: the record may be read on another machine.
func (r *Run) Rel(file string) string {
	dir := strings.TrimRight(strings.ReplaceAll(r.Dir, `\`, "/"), "/")
	slashed := file
	if strings.Contains(r.Dir, `\`) {
		slashed = strings.ReplaceAll(file, `\`, "/")
	}
	if dir == "" {
		return file
	}
	if short, ok := strings.CutPrefix(slashed, dir+"/"); ok {
		return short
	}
	return file
}
