package plain

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/suite"
)

type storeSuite struct {
	suite.Suite
	rdb *redis.Client
	own *redis.Client
}

func TestSuite(t *testing.T) { suite.Run(t, new(storeSuite)) }

func (s *storeSuite) SetupSuite() {
	s.own = open()
	s.own.ConfigSet(context.Background(), "hll-sparse-max-bytes", "2000")
}

func (s *storeSuite) TearDownSuite() {
	s.Require().NoError(s.own.Close())
}

func (s *storeSuite) SetupTest() { s.rdb = open() }

func (s *storeSuite) TearDownTest() { s.rdb.Close() }

func (s *storeSuite) TestClosedInTearDown() {
	ctx := context.Background()
	s.Require().NoError(s.rdb.ConfigSet(ctx, "active-defrag-cycle-max", "30").Err())
}

func (s *storeSuite) TestShared() {
	s.NoError(put(context.Background(), s.own, "active-defrag-cycle-min", "2"))
}
