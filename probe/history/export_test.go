package history

import "fmt"

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
