package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Options say what to play alone.
type Options struct {
	paths   []string
	filter  string   // a glob of ids
	skip    []string // globs of those to leave out, such as cases that the library does not end
	formats []string
}

// Played is the result of one case with one encoding of updates.
type Played struct {
	id          string
	level       string
	format      string
	differences []string // a line each; none when the case agrees
	unsupported string   // the feature that the case needs and the library lacks
	state       any      // the last one that was read
}

var errNoCase = errors.New("no case to play")

// playAlone plays the cases with all peers in this process, and writes a line for each with its observed state. A
// difference follows on lines of its own. An error is a bad vector, or a path without any.
func playAlone(options Options, output io.Writer) ([]Played, error) {
	cases, err := loadCases(options.paths)
	if err != nil {
		return nil, err
	}
	var results []Played
	counts := map[string]int{}
	for i := range cases {
		skipped := slices.ContainsFunc(options.skip, func(glob string) bool { return matches(glob, cases[i].ID) })
		if skipped || !matches(options.filter, cases[i].ID) {
			continue
		}
		var played []Played
		for _, format := range options.formats {
			played = append(played, play(&cases[i], format))
		}
		counts[report(played, output)]++
		results = append(results, played...)
	}
	if len(results) == 0 {
		return nil, errNoCase
	}
	fmt.Fprintf(output, "%d cases: %d passed, %d failed, %d unsupported\n",
		len(results)/len(options.formats), counts["pass"], counts["FAIL"], counts["unsupported"])
	return results, nil
}

// report writes the line of a case, which was played once a format, and gives its first word.
func report(played []Played, output io.Writer) string {
	word, shown := "pass", compact(played[0].state)
	for _, each := range played {
		if each.unsupported != "" && word == "pass" {
			word, shown = "unsupported", each.unsupported
		}
		if len(each.differences) > 0 {
			word, shown = "FAIL", compact(played[0].state)
		}
	}
	fmt.Fprintf(output, "%s %s %s\n", word, played[0].id, shown)
	for _, each := range played {
		for _, difference := range each.differences {
			fmt.Fprintf(output, "    %s %s\n", each.format, difference)
		}
	}
	return word
}

// play plays one case.
func play(each *Case, format string) Played {
	played := Played{id: each.ID, level: each.Level, format: format}
	program, err := each.program(format)
	if err != nil {
		played.conclude(err, "the steps")
		return played
	}
	peers := maps.Clone(each.Peers.options)
	peers[relay] = PeerOptions{Client: relayClient}
	session, err := newSession(each.Roots, peers, each.Wrap)
	if err != nil {
		played.conclude(err, "the session")
		return played
	}
	for _, demanded := range program {
		value, err := session.perform(demanded.step)
		label := strings.TrimSpace(demanded.step.Op + " " + demanded.step.As)
		if fault := faultOf(err); fault != nil && fault.endsSession() {
			played.conclude(err, label)
			return played
		}
		if demanded.step.Op == "state" && err == nil {
			played.state = value
		}
		if !meetsOne(demanded.alternatives, value, err) {
			played.differences = append(played.differences,
				fmt.Sprintf("%s: expected %s, observed %s", label, expected(demanded.alternatives), compact(replyOf(value, err))))
		}
	}
	return played
}

func meetsOne(alternatives []map[string]any, value any, err error) bool {
	for _, alternative := range alternatives {
		if meets(alternative, value, err, library.Lossy) {
			return true
		}
	}
	return len(alternatives) == 0 && err == nil
}

// conclude notes what ended the case before its end.
func (p *Played) conclude(err error, at string) {
	if fault := faultOf(err); fault.Kind == Unsupported {
		p.unsupported, p.differences = fault.Message, nil
		return
	}
	p.differences = append(p.differences, fmt.Sprintf("%s: observed %s", at, compact(replyOf(nil, err))))
}

func expected(alternatives []map[string]any) string {
	if len(alternatives) == 0 {
		return "success"
	}
	texts := make([]string, len(alternatives))
	for i, alternative := range alternatives {
		texts[i] = compact(alternative)
	}
	return strings.Join(texts, " or ")
}

// compact is JSON on one line.
func compact(value any) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(text.String(), "\n")
}
