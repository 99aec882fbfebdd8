package main

import (
	"context"
	"strings"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/report"
)

func rules(_ context.Context, env *environment, args []string) (int, error) {
	var profileName, format string
	var coverage bool
	f := flags("rules")
	f.StringVar(&profileName, "profile", "web", "")
	f.StringVar(&format, "format", "text", "")
	f.BoolVar(&coverage, "coverage", false, "")
	if err := parse(f, args); err != nil {
		return 0, err
	}
	if coverage {
		if f.NArg() > 0 || f.Changed("profile") {
			return 0, hinted("--coverage is of the whole catalogue: it takes no rules and no --profile", "revprobe help rules")
		}
		return writeCoverage(env, format)
	}
	profile, known := conformance.ProfileNamed(profileName)
	if !known {
		return 0, hinted("--profile: there is no profile "+quoted(profileName), suggestion(profileName, profileNames()))
	}
	chosen, err := selectRules(strings.Join(f.Args(), ","))
	if err != nil {
		return 0, err
	}
	options := report.TextOptions{Color: env.color, Width: min(env.width, 120)}
	switch format {
	case "json":
		err = report.RulesJSON(env.stdout, chosen)
	case "markdown":
		err = report.RulesMarkdown(env.stdout, chosen, exampleFinding)
	case "text":
		if len(chosen) == 1 && f.NArg() > 0 {
			err = report.RuleText(env.stdout, chosen[0], options)
		} else {
			err = report.RulesText(env.stdout, chosen, profile, options)
		}
	default:
		return 0, hinted("--format: there is no format "+quoted(format), "there are text, json, markdown")
	}
	if err != nil {
		return 0, &ownFailure{err}
	}
	return exitClean, nil
}

// writeCoverage tells of each requirement of the catalogue whether a rule judges it.
func writeCoverage(env *environment, format string) (int, error) {
	switch format {
	case "json":
		return exitClean, report.CoverageJSON(env.stdout, conformance.Catalogue())
	case "text":
		options := report.TextOptions{Color: env.color, Width: min(env.width, 160)}
		return exitClean, report.CoverageText(env.stdout, conformance.Catalogue(), options)
	}
	return 0, hinted("--format: there is no format "+quoted(format)+" of --coverage", "there are text, json")
}
