package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/google/renameio/v2"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/report"
)

// output is a file that a report is written to in some format.
type output struct {
	format report.Format
	file   string
	place  string // the file that its name stands for
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
		place, err := replaceable(file)
		if errors.Is(err, errNoFile) {
			return nil, hinted("--output: "+file+" is no file", "--format "+name+" prints to standard output")
		}
		if err == nil {
			err = trial(place)
		}
		if err != nil {
			return nil, fmt.Errorf("--output: keeping %s: %w", file, withoutName(err))
		}
		list = append(list, output{format, file, place})
	}
	return list, nil
}

// trial makes sure that a file can be written.
func trial(place string) error {
	file, err := renameio.NewPendingFile(place)
	if err != nil {
		return err
	}
	return file.Cleanup()
}

// errNoFile says that no file may take the place of what has a name: it is a device, which
// root could replace, or a way to what is open, such as /dev/stdout.
var errNoFile = errors.New("it is no file")

// mostLinks is how many symbolic links are followed, one after the other, as by Linux.
const mostLinks = 40

// replaceable returns the file that a name stands for through symbolic links, which are to
// stay, and may point to where there is no file yet. Else the error is errNoFile, or why the links
// cannot be followed.
func replaceable(name string) (place string, err error) {
	if name == "-" {
		return "", errNoFile
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return "", errNoFile
	}
	place = name
	for range mostLinks {
		to, err := os.Readlink(place)
		switch {
		case err != nil:
			return place, nil
		case strings.HasPrefix(to, "/proc/"):
			return "", errNoFile
		}
		folder := ""
		if !filepath.IsAbs(to) {
			if folder, err = filepath.EvalSymlinks(filepath.Dir(place)); err != nil {
				return "", err
			}
		}
		place = filepath.Join(folder, to)
	}
	return "", syscall.ELOOP
}

// write replaces the file at once: who reads it sees the report before or this one, whole.
func (o output) write(r *conformance.Report, options report.Options) error {
	file, err := renameio.NewPendingFile(o.place, renameio.WithPermissions(0o644))
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
