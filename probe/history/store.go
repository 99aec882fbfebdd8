// Package history keeps, in one SQLite file, what each responder and distribution point
// served from run to run, and tells a run what came before it. It decodes what it keeps, and
// judges nothing of it.
package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Store is one file of history. Several processes may have it open at once; each run's
// record is one transaction, so that a process that dies at any moment leaves the file as it
// was before or after its run.
type Store struct {
	db   *sql.DB
	name string
}

// busyTimeout is how long another run that is being recorded is waited for.
const busyTimeout = 30 * time.Second

// ErrNewer says that the file was written by a later revprobe.
var ErrNewer = errors.New("it was written by a newer revprobe")

// ErrDisk says that what the file holds, or is to hold, has no room or cannot be read.
var ErrDisk = errors.New("the disk is full, or fails")

// Open opens a file of history, makes it where there is none, and brings one of an older
// schema up to date. The errors are that it is no such file, that it is a newer one
// (ErrNewer), that another process holds it for too long, that the disk is full (ErrDisk), and
// others of the file system.
func Open(ctx context.Context, name string) (*Store, error) {
	if _, err := os.Stat(filepath.Dir(name)); err != nil {
		return nil, fmt.Errorf("opening the history %s: %w", name, errors.Unwrap(err))
	}
	return open(ctx, name, "mode=rwc&_txlock=immediate")
}

// OpenExisting opens a file of history to read it: there has to be one (else the error is
// fs.ErrNotExist), and it may be one that cannot be written. Other errors are those of Open.
func OpenExisting(ctx context.Context, name string) (*Store, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("opening the history %s: %w", name, errors.Unwrap(err))
	case info.Size() == 0:
		return nil, fmt.Errorf("opening the history %s: it is empty", name)
	}
	return open(ctx, name, "mode=rw")
}

func open(ctx context.Context, name, options string) (*Store, error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("opening the history %s: it is no file", name)
	}
	absolute, err := filepath.Abs(name)
	if err != nil {
		return nil, fmt.Errorf("opening the history %s: %w", name, err)
	}
	// A rollback journal, unlike a write-ahead log, leaves one file when it is closed.
	dsn := url.URL{Scheme: "file", Path: absolute, RawQuery: fmt.Sprintf(
		"%s&_pragma=busy_timeout(%d)&_pragma=journal_mode(delete)&_pragma=synchronous(full)", options, busyTimeout.Milliseconds())}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("opening the history %s: %w", name, err)
	}
	db.SetMaxOpenConns(1)
	s := &Store{db, name}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the history %s: %w", name, plain(err)), db.Close())
	}
	return s, nil
}

// Close closes the file.
func (s *Store) Close() error {
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("closing the history %s: %w", s.name, err)
	}
	return nil
}

// migrations bring a file from the version that is their place here to the next one. Times
// are Unix milliseconds, 0 for none; a service is a URL with the CA that it was asked about.
var migrations = []string{
	`CREATE TABLE services (
		id INTEGER PRIMARY KEY, url TEXT NOT NULL, ca BLOB NOT NULL, name TEXT NOT NULL, responder INTEGER NOT NULL,
		UNIQUE (url, ca));
	CREATE TABLE checks (
		service INTEGER NOT NULL, at INTEGER NOT NULL, failure TEXT NOT NULL, took INTEGER NOT NULL,
		PRIMARY KEY (service, at)) WITHOUT ROWID;
	CREATE TABLE crls (
		service INTEGER NOT NULL, tbs BLOB NOT NULL, number BLOB, this_update INTEGER NOT NULL, next_update INTEGER NOT NULL,
		entries INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
		PRIMARY KEY (service, tbs)) WITHOUT ROWID;
	CREATE TABLE entries (service INTEGER PRIMARY KEY, tbs BLOB NOT NULL, data BLOB NOT NULL);
	CREATE TABLE answers (
		service INTEGER NOT NULL, serial TEXT NOT NULL, status TEXT NOT NULL, reason INTEGER NOT NULL, revoked INTEGER NOT NULL,
		this_update INTEGER NOT NULL, next_update INTEGER NOT NULL, produced_at INTEGER NOT NULL,
		seen INTEGER NOT NULL, first_seen INTEGER NOT NULL,
		first_good INTEGER NOT NULL, first_revoked INTEGER NOT NULL, last_unassigned INTEGER NOT NULL,
		signer TEXT NOT NULL, signer_not_after INTEGER NOT NULL,
		PRIMARY KEY (service, serial)) WITHOUT ROWID;
	CREATE TABLE certificates (
		ca BLOB NOT NULL, serial TEXT NOT NULL, not_after INTEGER NOT NULL,
		PRIMARY KEY (ca, serial)) WITHOUT ROWID;`,
	`ALTER TABLE answers ADD COLUMN last_status TEXT NOT NULL DEFAULT '';
	ALTER TABLE answers ADD COLUMN last_this_update INTEGER NOT NULL DEFAULT 0;
	UPDATE answers SET last_status = status, last_this_update = this_update;`,
}

func (s *Store) migrate(ctx context.Context) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		var version int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		if version > len(migrations) {
			return ErrNewer
		}
		if err := ours(ctx, tx, version); err != nil || version == len(migrations) {
			return err
		}
		for ; version < len(migrations); version++ {
			if _, err := tx.ExecContext(ctx, migrations[version]); err != nil {
				return fmt.Errorf("bringing it to version %d: %w", version+1, err)
			}
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version))
		return err
	})
}

// ours refuses a database of somebody else: one that has tables and no version.
func ours(ctx context.Context, tx *sql.Tx, version int) error {
	var tables int
	err := tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables)
	if err == nil && version == 0 && tables > 0 {
		return errors.New("it is a database of another program")
	}
	return err
}

// within does work in one transaction, which is as if it had never begun where work fails.
func (s *Store) within(ctx context.Context, work func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := work(tx); err != nil {
		return errors.Join(err, rolledBack(tx))
	}
	return tx.Commit()
}

// rolledBack ends a transaction. One that the end of its context has ended already is done.
func rolledBack(tx *sql.Tx) error {
	if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}

// plain says in words what SQLite says in codes.
func plain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return errors.New("it is no history of revprobe, or it is damaged")
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("another process has held it for %s", busyTimeout)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return errors.New("it cannot be written")
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR:
		return fmt.Errorf("%w: %w", ErrDisk, e)
	}
	return err
}

// milliseconds is how the file writes a time; 0 where there is none.
func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
