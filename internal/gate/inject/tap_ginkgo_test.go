//go:build unix

package inject

import (
	"fmt"
	"testing"
)

// report is what Ginkgo says of a spec, shortened.
func report(text string) string {
	return fmt.Sprintf(`{"LeafNodeType":"It","LeafNodeText":%q,"State":"passed","LeafNodeLocation":{"FileName":"a_test.go","LineNumber":1}}`, text)
}

// Suite stands for Ginkgo's.
type Suite struct{}

//go:noinline
func (*Suite) runNode(f func()) { through(f) }

// Guards against a goroutine that an earlier spec left running and that is
// taken for the work of the one that is open.
func TestGoroutinesOfSpecs(t *testing.T) {
	h := tapped(t)
	wants := map[int64]string{}
	// lives starts a goroutine. Each call of what it returns lets that write.
	lives := func(around func(func())) (write func(want string)) {
		let, done := make(chan int64), make(chan bool)
		// A node runs on a goroutine that the suite started, and what a node starts
		// was started by that one: never by the suite itself.
		go func() {
			go around(func() {
				for number := range let {
					says(number)
					done <- true
				}
				close(done)
			})
		}()
		t.Cleanup(func() { close(let); <-done })
		return func(want string) {
			number := int64(len(wants) + 1)
			wants[number] = want
			let <- number
			<-done
		}
	}
	plain, node := func(f func()) { f() }, (&Suite{}).runNode
	owns(t, "TestSuite")
	before := lives(plain)
	before("owner TestSuite")
	TracetestSpec("suite-begin", false, "")
	beforeSuite := lives(node)
	beforeSuite("owner TestSuite")

	TracetestSpec("spec-begin", false, report("A"))
	inA, nodeOfA := lives(plain), lives(node)
	inA("owner A")
	nodeOfA("owner A")
	before("owner TestSuite")
	TracetestSpec("spec-end", false, report("A"))
	inA("owner TestSuite, unsure") // a later node may have started it as well
	before("owner TestSuite")
	between := lives(plain)
	between("owner TestSuite, unsure")

	TracetestSpec("spec-begin", false, report("B"))
	inB := lives(plain)
	inB("owner B")
	inA("owner A")
	between("owner A") // the spec that began last
	before("owner TestSuite")
	beforeSuite("owner TestSuite")
	TracetestSpec("spec-end", false, report("B"))
	inA("owner A")

	TracetestSpec("spec-begin", false, "what Ginkgo never says") // no label for it
	lives(plain)("owner TestSuite, unsure")

	TracetestSpec("spec-begin", false, report("C"))
	inA("owner A")
	inB("owner B")
	lives(plain)("owner C")
	suite := tracetestGetOwner()
	owns(t, "TestOther")
	lives(plain)("owner TestOther")
	tracetestTapOwn(suite)
	lives(plain)("owner C")
	for number, want := range wants {
		if got := name(h.writes[number].By); got != want {
			t.Errorf("write %d is of %q, want %q", number, got, want)
		}
	}
}

// Guards against goroutines that are missed where there are many, and would be
// taken for those of the spec that is open.
func TestManyGoroutines(t *testing.T) {
	tapped(t)
	let, ids := make(chan bool), make(chan int64)
	const many = 3000
	for range many {
		go func() { self, _ := tracetestGoroutine(); ids <- self; <-let }()
	}
	defer close(let)
	self, _ := tracetestGoroutine()
	want := map[int64]bool{self: true}
	for range many {
		want[<-ids] = true
	}
	all, whole := tracetestGoroutines()
	for _, id := range all {
		delete(want, id)
	}
	if !whole || len(want) > 0 {
		t.Errorf("whole %v, %d are missing", whole, len(want))
	}
}

// Guards against a spec that is blamed for what a goroutine did that an earlier
// one had left: it starts further ones for each of its calls.
func TestGoroutineOfAnOlderOne(t *testing.T) {
	tapped(t)
	old, asked, got := make(chan bool), make(chan bool), make(chan [2]int64)
	ids := make(chan int64)
	go func() {
		self, _ := tracetestGoroutine()
		ids <- self
		<-asked
		go func() {
			self, parent := tracetestGoroutine()
			got <- [2]int64{self, parent}
			<-old
		}()
	}()
	parent := <-ids
	defer close(old)
	close(asked)
	if young := <-got; young[1] != parent || young[0] == parent {
		t.Errorf("goroutine %d says that %d started it, and it was %d", young[0], young[1], parent)
	}
}
