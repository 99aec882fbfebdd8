package history

import (
	"encoding/hex"
	"fmt"

	"github.com/revprobe/revprobe/probe/evidence"
)

// LimitPages makes the file as full as it is: it cannot grow by more than a page.
func LimitPages(s *Store) error {
	var pages int
	if err := s.db.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
		return err
	}
	return s.db.QueryRow(fmt.Sprintf("PRAGMA max_page_count = %d", pages+1)).Scan(&pages)
}

// Check looks for damage in the whole file.
func Check(s *Store) error {
	var verdict string
	if err := s.db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		return fmt.Errorf("integrity check: %s, %w", verdict, err)
	}
	return nil
}

// AddMigration is a later version of the schema, until the function it returns is called.
func AddMigration(statements string) (restore func()) {
	before := migrations
	migrations = append(migrations[:len(migrations):len(migrations)], statements)
	return func() { migrations = before }
}

// AtVersion makes files of an older version of the schema, until the function it returns is
// called.
func AtVersion(version int) (restore func()) {
	before := migrations
	migrations = migrations[:version:version]
	return func() { migrations = before }
}

// Execute runs a statement as an older version would have.
func Execute(s *Store, statement string) error {
	_, err := s.db.Exec(statement)
	return err
}

// LeaveNoRoom lets no entries stand in memory.
func LeaveNoRoom(o *Observed) { o.room = 0 }

// CA is the identity of a run's CA in hex.
func CA(run *evidence.Run) string { return hex.EncodeToString(Observe(run).services[0].ca) }
