package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	relay       = "@relay" // the peer that is fed by the last one alone
	relayClient = 1234567890
)

// A Case is one vector, in the shape of suite.schema.json.
type Case struct {
	ID      string            `json:"id"`
	Level   string            `json:"level"`
	Verdict string            `json:"verdict"`
	Roots   map[string]string `json:"roots"`
	Wrap    bool              `json:"wrap"`
	Peers   namedPeers        `json:"peers"`
	Steps   plainSteps        `json:"steps"`
	Expect  Expect            `json:"expect"`
}

// Expect is what a case demands. A view is an object with `state`, `state_vector` or both.
type Expect struct {
	Converged    map[string]any            `json:"converged"`
	Delivered    map[string]map[string]any `json:"delivered"`
	Observations map[string]map[string]any `json:"observations"`
	Acceptable   []struct {
		Converged map[string]any `json:"converged"`
	} `json:"acceptable"`
}

// namedPeers are in the order of the file, which is the order of the finale.
type namedPeers struct {
	names   []string
	options map[string]PeerOptions
}

func (p *namedPeers) UnmarshalJSON(raw []byte) error {
	if err := json.Unmarshal(raw, &p.options); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if _, err := decoder.Token(); err != nil {
		return err
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		p.names = append(p.names, name.(string))
		var options json.RawMessage
		if err := decoder.Decode(&options); err != nil {
			return err
		}
	}
	return nil
}

// plainSteps are steps each of which stands in its place as often as its `times` says, those of transactions too.
type plainSteps []json.RawMessage

func (s *plainSteps) UnmarshalJSON(raw []byte) error {
	var steps []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &steps); err != nil {
		return err
	}
	for _, step := range steps {
		times := 1
		if said, repeated := step["times"]; repeated {
			if err := json.Unmarshal(said, &times); err != nil {
				return err
			}
			delete(step, "times")
		}
		if said, transacts := step["steps"]; transacts {
			var inner plainSteps
			if err := json.Unmarshal(said, &inner); err != nil {
				return err
			}
			plain, err := json.Marshal(inner)
			if err != nil {
				return err
			}
			step["steps"] = plain
		}
		plain, err := json.Marshal(step)
		if err != nil {
			return err
		}
		*s = append(*s, slices.Repeat(plainSteps{plain}, times)...)
	}
	return nil
}

// noSuites are the folders among those of suites that hold none.
var noSuites = []string{"schema", "requirements", "scenarios"}

// loadCases reads the cases of all suites at or below the paths, files by name.
func loadCases(paths []string) ([]Case, error) {
	var cases []Case
	for _, path := range paths {
		files, err := suiteFiles(path)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			found, err := readSuite(file)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			cases = append(cases, found...)
		}
	}
	return cases, nil
}

func suiteFiles(path string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && file != path && slices.Contains(noSuites, entry.Name()):
			return fs.SkipDir
		case !entry.IsDir() && (file == path || isSuite(entry.Name())):
			files = append(files, file)
		}
		return nil
	})
	return files, err
}

func isSuite(name string) bool { return strings.HasSuffix(name, ".json") && name != "manifest.json" }

func readSuite(file string) ([]Case, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var suite struct {
		Cases []Case `json:"cases"`
	}
	if err := decodeExactly(raw, &suite); err != nil {
		return nil, err
	}
	if suite.Cases == nil {
		return nil, fmt.Errorf("not a suite: it has no cases")
	}
	for _, each := range suite.Cases {
		if each.ID == "" || each.Roots == nil || each.Peers.names == nil || each.Steps == nil {
			return nil, fmt.Errorf("case %q lacks its id, roots, peers or steps", each.ID)
		}
	}
	return suite.Cases, nil
}

// matches says whether text matches a glob of * and ?.
func matches(pattern, text string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '*':
		return matches(pattern[1:], text) || text != "" && matches(pattern, text[1:])
	default:
		return text != "" && (pattern[0] == '?' || pattern[0] == text[0]) && matches(pattern[1:], text[1:])
	}
}
