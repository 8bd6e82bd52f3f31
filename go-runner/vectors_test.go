package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// known is a known divergence, as far as a run alone needs it.
type known struct {
	id         string
	cases      []string
	formats    []string
	signatures []string
}

// hangs says whether its cases do not end, so that they cannot be played here; the coordinator plays them.
func (k known) hangs() bool { return slices.Equal(k.signatures, []string{"timeout"}) }

func (k known) covers(played Played) bool {
	return k.names(played.id) && (k.formats == nil || slices.Contains(k.formats, played.format))
}

func (k known) names(id string) bool {
	named := false
	for _, pattern := range k.cases {
		if left, excluded := strings.CutPrefix(pattern, "!"); !excluded {
			named = named || matches(pattern, id)
		} else if matches(left, id) {
			return false
		}
	}
	return named
}

var (
	quoted   = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	listKey  = func(key string) *regexp.Regexp { return regexp.MustCompile(`(?m)^` + key + ` = \[([^\]]*)\]`) }
	textKey  = func(key string) *regexp.Regexp { return regexp.MustCompile(`(?m)^` + key + ` = (".*")$`) }
	scenario = regexp.MustCompile(`^(store|websocket|ydoc|collaboration)/`)
)

// readKnown reads the entries of a file of known divergences that a run alone must show. The values that it needs are
// strings, and lists of strings without brackets.
func readKnown(t *testing.T, file string) []known {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var entries []known
	for _, entry := range strings.Split(string(text), "[[divergence]]")[1:] {
		one := func(key string) string {
			return strings.Join(unquoted(t, textKey(key).FindStringSubmatch(entry)), "")
		}
		list := func(key string) []string { return unquoted(t, listKey(key).FindStringSubmatch(entry)) }
		found := known{one("id"), list("cases"), list("formats"), list("signatures")}
		if one("castings") != "cross" && one("deliveries") != "varied" && !scenario.MatchString(found.cases[0]) {
			entries = append(entries, found)
		}
	}
	return entries
}

func unquoted(t *testing.T, match []string) []string {
	t.Helper()
	if match == nil {
		return nil
	}
	var texts []string
	for _, each := range quoted.FindAllString(match[1], -1) {
		text, err := strconv.Unquote(each)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	return texts
}

func TestAloneItDiffersWhereItIsKnownToAndNowhereElse(t *testing.T) {
	kit := ".."
	entries := readKnown(t, filepath.Join(kit, "runners", "known", "ygo.toml"))
	var skip []string
	for _, entry := range entries {
		if entry.hangs() {
			skip = append(skip, entry.cases...)
		}
	}
	entries = slices.DeleteFunc(entries, known.hangs)
	vectors := []string{filepath.Join(kit, "vectors")}
	results, err := playAlone(Options{vectors, "*", skip, []string{"v1", "v2"}}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	met := map[string]bool{}
	for _, played := range results {
		if len(played.differences) == 0 {
			continue
		}
		explained := false
		for _, entry := range entries {
			if entry.covers(played) {
				met[entry.id], explained = true, true
			}
		}
		if !explained && played.level != "informational" {
			t.Errorf("no divergence explains %s %s: %s", played.id, played.format, played.differences[0])
		}
	}
	for _, entry := range entries {
		if !met[entry.id] {
			t.Errorf("%s matches no failure", entry.id)
		}
	}
}
