package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/report"
)

// output is a file that a report is written to in some format.
type output struct {
	format report.Format
	file   string
}

// formatFlag reads the name of a format.
func formatFlag(flag, name string) (report.Format, error) {
	format, known := report.FormatNamed(name)
	if !known {
		return format, hinted(flag+": there is no format "+quoted(name), suggestion(name, formatNames()))
	}
	return format, nil
}

func formatNames() []string {
	var list []string
	for _, f := range report.Formats() {
		list = append(list, f.Name)
	}
	return list
}

// outputFlags reads the values of --output and makes sure, before anything is asked, that
// the files can be written.
func outputFlags(values []string) ([]output, error) {
	var list []output
	for _, value := range values {
		name, file, found := strings.Cut(value, "=")
		if !found || file == "" {
			return nil, hinted("--output: "+quoted(value)+" names no format and file", "write it as --output junit=report.xml")
		}
		format, err := formatFlag("--output", name)
		if err != nil {
			return nil, err
		}
		if !replaceable(file) {
			return nil, hinted("--output: "+file+" is no file", "--format "+name+" prints to standard output")
		}
		trial, err := renameio.NewPendingFile(file)
		if err == nil {
			err = trial.Cleanup()
		}
		if err != nil {
			return nil, fmt.Errorf("--output: keeping %s: %w", file, withoutName(err))
		}
		list = append(list, output{format, file})
	}
	return list, nil
}

// replaceable reports whether a file may take the place of what has that name. It may not of a
// device, which root could replace, nor of a way to what is open, such as /dev/stdout.
func replaceable(name string) bool {
	if name == "-" {
		return false
	}
	if to, err := os.Readlink(name); err == nil && strings.HasPrefix(to, "/proc/") {
		return false
	}
	info, err := os.Stat(name)
	return err != nil || info.Mode().IsRegular()
}

// write replaces the file at once: who reads it sees the report before or this one, whole.
func (o output) write(r *conformance.Report, options report.Options) error {
	file, err := renameio.NewPendingFile(o.file, renameio.WithPermissions(0o644))
	if err != nil {
		return fmt.Errorf("keeping %s: %w", o.file, err)
	}
	defer func() { _ = file.Cleanup() }()
	if err := o.format.Write(file, r, options); err != nil {
		return fmt.Errorf("keeping %s %w", o.file, err)
	}
	if err := file.CloseAtomicallyReplace(); err != nil {
		return fmt.Errorf("keeping %s: %w", filepath.Clean(o.file), err)
	}
	return nil
}

// withoutName is an error of a file without the name of that file, where it was a temporary
// one that the user does not know.
func withoutName(err error) error {
	var of *os.PathError
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}
