package main

type results struct {
	options
	suites []*comparison
	held   *heldFor
	grown  *grown
	builds []*built
}

func (r *results) page(m string) string   { return "" }
func (b *bench) machine() (string, error) { return "", nil }
