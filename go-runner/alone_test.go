package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// suite writes a suite with one case, in which a text must hold what is expected.
func suite(t *testing.T, expected string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "suite.json")
	text := fmt.Sprintf(`{"suite": "s", "cases": [{"id": "s/one", "level": "required", "roots": {"t": "text"}, "peers": {"a": {"client": 1}},
		"steps": [{"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "hi"}],
		"expect": {"converged": {"state": {"t": {"$text": %q}}, "state_vector": {"1": 2}}}}]}`, expected)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestExitCodes(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte(`{"cases": [{"id": "s/x"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, each := range []struct {
		arguments []string
		code      int
		says      string
	}{
		{[]string{suite(t, "hi")}, agreed, "1 cases: 1 passed, 0 failed, 0 unsupported"},
		{[]string{suite(t, "ho")}, disagreed, "FAIL s/one"},
		{[]string{"--filter", "other/*", suite(t, "hi")}, badUsage, "no case to play"},
		{[]string{"--format", "v3", suite(t, "hi")}, badUsage, `no format "v3"`},
		{[]string{"--format", "v1"}, badUsage, "which vectors?"},
		{[]string{"--no-such-option"}, badUsage, "flag provided but not defined"},
		{[]string{bad}, badUsage, "lacks its id, roots, peers or steps"},
		{[]string{filepath.Join(t.TempDir(), "none")}, badUsage, "none"},
		{[]string{"--version"}, agreed, library.Version},
		{[]string{"--help"}, agreed, "usage: ygo-runner"},
	} {
		var output bytes.Buffer
		code := run(each.arguments, strings.NewReader(""), &output, &output)
		if code != each.code || !strings.Contains(output.String(), each.says) {
			t.Errorf("%v: %d %s", each.arguments, code, output.String())
		}
	}
}

func TestStepsAreRepeated(t *testing.T) {
	insert := `{"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "<", "times": 3}`
	steps := `[` + insert + `, {"op": "transact", "peer": "a", "steps": [` + insert + `, {"op": "text.delete", "peer": "a", "path": ["t"], "index": 0, "length": 2}]}]`
	var plain plainSteps
	if err := json.Unmarshal([]byte(steps), &plain); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, step := range plain {
		texts = append(texts, string(step))
	}
	if len(plain) != 4 {
		t.Error(texts)
	}
	if answers := playSteps(t, "", strings.Join(texts, ","), readText); !strings.Contains(answers, `"$text":"<<<<"`) {
		t.Error(answers)
	}
}

func TestRequestsAreMeasured(t *testing.T) {
	file := filepath.Join(t.TempDir(), "requests")
	line := `{"seq": 1, "run": [{"session": 1, "roots": {"t": "text"}, "peers": {"a": {"client": 1}}, "steps": [], "end": true}]}` + "\n"
	if err := os.WriteFile(file, []byte(line+line), 0o600); err != nil {
		t.Fatal(err)
	}
	var output bytes.Buffer
	if code := run([]string{"--measure", file}, strings.NewReader(""), &output, &output); code != agreed {
		t.Error(output.String())
	}
	if !strings.Contains(output.String(), `"sessions":2`) {
		t.Error(output.String())
	}
}
