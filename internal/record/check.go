package record

import (
	"errors"
	"fmt"
	"slices"
)

// checker follows a record and refuses an entry that says nothing, or that refers
// to what is not there: whoever reads the record would skip that, and with it what
// the entry showed.
//
// Once a line was damaged what later ones refer to may have stood in it, so that
// from then on only the entry itself is checked.
type checker struct {
	damaged   bool
	servers   int
	processes int
	owners    int64          // the highest number of one that began
	late      map[int64]bool // lower ones of which the begin is still to come, or is never recorded
	writes    map[[2]int64]bool
	refusals  map[[2]int64]bool
	finished  bool // the go command ended
	ended     bool
}

var (
	verbs = []Verb{VerbHello, VerbBegin, VerbPause, VerbContinue, VerbEnd, VerbSkip, VerbSuiteBegin, VerbSuiteEnd, VerbSync, VerbClose, VerbExit, VerbQuit, VerbGone, VerbEvent, VerbFinish}
	// actions are those of `go test -json` that are recorded, and "cut".
	actions = []string{"start", "run", "pause", "cont", "bench", "pass", "fail", "skip", "cut"}
)

// mostLate bounds how many owners may have numbers below that of one which began before
// them: those who began in other processes while a snapshot was taken for it.
const mostLate = 10_000

// check takes in the next entry.
func (c *checker) check(e Entry) error {
	if c.writes == nil {
		c.writes, c.refusals, c.late = map[[2]int64]bool{}, map[[2]int64]bool{}, map[int64]bool{}
	}
	if c.ended && e.Trial == nil && e.Notice == nil {
		return errors.New("it stands behind the end")
	}
	if err := e.lacks(); err != nil {
		return err
	}
	err := c.refers(e)
	if err != nil && c.damaged {
		return nil
	}
	return err
}

// lacks says what an entry lacks that each of its kind has.
func (e Entry) lacks() error {
	switch {
	case e.Run != nil && e.Run.Mode != ModeInstrumented && e.Run.Mode != ModeEvents:
		return fmt.Errorf("a run that is watched in no known way: %q", e.Run.Mode)
	case e.Server != nil && (e.Server.Address == "" || e.Server.Config == nil):
		return errors.New("a server without its address or its configuration")
	case e.Boundary != nil && e.Boundary.lacks() != nil:
		return e.Boundary.lacks()
	case e.Contact != nil && e.Contact.Process == 0:
		return errors.New("a contact of no process")
	case e.Write != nil && (e.Write.Process == 0 || len(e.Write.Command) == 0):
		return errors.New("a write of no process, or of no command")
	case e.Reply != nil && e.Reply.Process == 0:
		return errors.New("a reply to no process")
	case e.Refused != nil && e.Refused.Process == 0:
		return errors.New("a refusal that no process met")
	case e.Test != nil && (!slices.Contains(actions, e.Test.Action) || e.Test.Package == "" && e.Test.Action != "fail"):
		return fmt.Errorf("a test event that says nothing: %q of package %q", e.Test.Action, e.Test.Package)
	case e.Restore != nil && (e.Restore.When == "" || len(e.Restore.Values)+len(e.Restore.Left) == 0):
		return errors.New("a restore of nothing")
	case e.Code != nil && (e.Code.File == "" || e.Code.First < 1):
		return errors.New("lines of code of no file")
	case e.Notice != nil && e.Notice.Code == "":
		return errors.New("a notice without its code")
	}
	for _, snap := range e.snapshots() {
		if snap.Sent.IsZero() || snap.Received.IsZero() {
			return errors.New("a snapshot without its time")
		}
	}
	return nil
}

// lacks refuses what whoever follows the record could not: a begin without its
// owner, an end without its outcome. One within another has the higher number, so that no circle
// can be made of them.
func (b *Boundary) lacks() error {
	waited := b.Verb != VerbEvent && b.Verb != VerbFinish
	begins, ends := b.Verb == VerbBegin || b.Verb == VerbSkip, b.Verb == VerbEnd || b.Verb == VerbSkip
	switch {
	case !slices.Contains(verbs, b.Verb):
		return fmt.Errorf("a boundary of an unknown kind: %q", b.Verb)
	case waited != (b.Process > 0):
		return fmt.Errorf("a boundary %q of process %d", b.Verb, b.Process)
	case begins && b.Begin == nil:
		return errors.New("a begin that does not say of whom")
	case begins && (b.Begin.ID != b.Owner || b.Owner <= 0 || b.Begin.Parent < 0 || b.Begin.Parent >= b.Owner):
		return fmt.Errorf("the begin of owner %d names owner %d within %d", b.Owner, b.Begin.ID, b.Begin.Parent)
	case begins && (b.Begin.Name == "" || b.Begin.Kind == ""):
		return errors.New("a begin of somebody without a name")
	case ends && (b.End == nil || b.End.Status == ""):
		return errors.New("an end that does not say how")
	case b.Verb == VerbClose && b.Container == "":
		return errors.New("the end of a container that is not named")
	}
	return nil
}

// snapshots are those of an entry.
func (e Entry) snapshots() []Snapshot {
	switch {
	case e.Boundary != nil:
		return e.Boundary.Snapshots
	case e.Write != nil:
		return e.Write.Snapshots
	case e.Reply != nil:
		return e.Reply.Snapshots
	case e.Restore != nil && e.Restore.Snapshot != nil:
		return []Snapshot{*e.Restore.Snapshot}
	}
	return nil
}

// refers checks what an entry refers to, and notes what later ones may.
func (c *checker) refers(e Entry) error {
	for _, snap := range e.snapshots() {
		if err := c.server(snap.Server, false); err != nil {
			return err
		}
	}
	switch {
	case e.Server != nil:
		c.servers++
		if e.Server.Index != c.servers-1 {
			return fmt.Errorf("server %d comes where server %d should", e.Server.Index, c.servers-1)
		}
	case e.Process != nil:
		return c.hello(e.Process)
	case e.Boundary != nil:
		return c.boundary(e.Boundary)
	case e.Contact != nil:
		return errors.Join(c.process(e.Contact.Process), c.server(e.Contact.Server, true))
	case e.Write != nil:
		c.writes[[2]int64{int64(e.Write.Process), e.Write.Number}] = true
		return errors.Join(c.process(e.Write.Process), c.server(e.Write.Server, true), c.by(e.Write.By))
	case e.Reply != nil:
		name := [2]int64{int64(e.Reply.Process), e.Reply.Number}
		if !c.writes[name] {
			return fmt.Errorf("a reply to write %d of process %d, which is not there", e.Reply.Number, e.Reply.Process)
		}
		delete(c.writes, name)
	case e.Refused != nil:
		return c.refused(e.Refused)
	case e.Asked != nil:
		return errors.Join(c.process(e.Asked.Process), c.server(e.Asked.Server, true), c.by(e.Asked.By))
	case e.Clients != nil:
		return c.server(e.Clients.Server, false)
	case e.Restore != nil:
		return c.restore(e.Restore)
	case e.End != nil:
		c.ended = true
		if e.End.Complete && !c.finished {
			return errors.New("an end before the go command's")
		}
	}
	return nil
}

func (c *checker) hello(p *Process) error {
	if p.Index < 1 || p.Index > c.processes+1 {
		return fmt.Errorf("process %d comes where process %d should", p.Index, c.processes+1)
	}
	c.processes = max(c.processes, p.Index)
	if p.Host == nil {
		return nil
	}
	err := c.process(p.Host.Process)
	for _, owner := range p.Host.Owners {
		err = errors.Join(err, c.owner(owner))
	}
	return err
}

func (c *checker) refused(r *Refused) error {
	name := [2]int64{int64(r.Process), r.Number}
	if announced := r.By.Label != "" || r.Address != "" || len(r.By.Stack) > 0; !announced && !c.refusals[name] {
		return fmt.Errorf("more of refusal %d of process %d, which is not there", r.Number, r.Process)
	}
	c.refusals[name] = true
	return errors.Join(c.process(r.Process), c.server(r.Server, true), c.by(r.By))
}

func (c *checker) restore(r *Restore) error {
	err := c.server(r.Server, false)
	if r.Process != 0 {
		err = errors.Join(err, c.process(r.Process))
	}
	if r.Owner != 0 {
		err = errors.Join(err, c.owner(r.Owner))
	}
	return err
}

func (c *checker) boundary(b *Boundary) error {
	c.finished = c.finished || b.Verb == VerbFinish
	if b.Process != 0 {
		if err := c.process(b.Process); err != nil {
			return err
		}
	}
	if b.Verb == VerbBegin || b.Verb == VerbSkip {
		if b.Owner <= c.owners && !c.late[b.Owner] {
			return fmt.Errorf("owner %d begins a second time", b.Owner)
		}
		delete(c.late, b.Owner)
		for id := max(c.owners+1, b.Owner-mostLate); id < b.Owner; id++ {
			c.late[id] = true
		}
		c.owners = max(c.owners, b.Owner)
		return nil
	}
	if b.Owner != 0 {
		return c.owner(b.Owner)
	}
	return nil
}

// by checks whose goroutine something was. Owners of a process that was given up
// began without an entry.
func (c *checker) by(by By) error {
	if by.Label == LabelOwner && by.Owner == nil {
		return errors.New("it is of an owner that is not named")
	}
	return nil
}

func (c *checker) server(index int, none bool) error {
	if index >= c.servers || index < 0 && !(none && index == -1) {
		return fmt.Errorf("it is about server %d, which is not there", index)
	}
	return nil
}

func (c *checker) process(index int) error {
	if index < 1 || index > c.processes {
		return fmt.Errorf("it is about process %d, which is not there", index)
	}
	return nil
}

func (c *checker) owner(id int64) error {
	if id < 1 || id > c.owners || c.late[id] {
		return fmt.Errorf("it is about owner %d, who did not begin", id)
	}
	return nil
}
