package main

import (
	"runtime"
	"runtime/debug"
	"slices"
	"sort"
	"strings"

	"github.com/reearth/ygo/crdt"
	"github.com/reearth/ygo/encoding"
)

// libraryPath is the module's path.
const libraryPath = "github.com/reearth/ygo"

// Hosted is what this runner says about itself and the library that was linked.
type Hosted struct {
	Protocol int      `json:"protocol"`
	Name     string   `json:"name"`
	Version  string   `json:"version"`
	Language string   `json:"language"`
	Runtime  string   `json:"runtime"`
	Features []string `json:"features"`
	Lossy    []string `json:"lossy"`
	Like     bool     `json:"like"`
}

// library is what was linked.
var library Hosted

func init() {
	library = Hosted{
		Protocol: 1, Name: "ygo", Version: linkedVersion(), Language: "go", Runtime: runtime.Version(), Lossy: []string{},
		Like: true,
	}
	for op := range ops {
		library.Features = append(library.Features, op)
	}
	for op := range localOps {
		library.Features = append(library.Features, op)
	}
	library.Features = append(library.Features,
		"apply.v2", "encode.v2",
		"emit", "origin", "undo.origins", "undo.timeout", "undo.manager",
		"root.text", "root.array", "root.map", "root.xml",
		"value.bytes", "text.insert.attributes", "text.surrogate-split",
		"gc.off", "client.53", "observe.text",
	)
	if !keepsEmbeds() {
		library.Features = slices.DeleteFunc(library.Features, func(op string) bool { return op == "text.embed" })
		library.Lossy = append(library.Lossy, "text.embeds")
	}
	if undefined, err := encoding.NewDecoder([]byte{127}).ReadAny(); err == nil && undefined == nil {
		library.Lossy = append(library.Lossy, "undefined")
	}
	sort.Strings(library.Features)
}

// has says whether the library can do something. The features are sorted.
func (h *Hosted) has(feature string) bool {
	_, found := slices.BinarySearch(h.Features, feature)
	return found
}

// keepsEmbeds says whether a text takes an embed, and gives it back.
func keepsEmbeds() bool {
	doc := crdt.New()
	text := doc.GetText("t")
	doc.Transact(func(txn *crdt.Transaction) {
		text.ApplyDelta(txn, []crdt.Delta{{Op: crdt.DeltaOpInsert, Insert: map[string]any{"image": "i"}}})
	})
	return len(text.ToDelta()) == 1
}

// linkedVersion gives the version of the module that go.mod requires; a folder in its place has none of its own.
func linkedVersion() string {
	built, ok := debug.ReadBuildInfo()
	if ok {
		for _, module := range built.Deps {
			if module.Path == libraryPath {
				return strings.TrimPrefix(module.Version, "v")
			}
		}
	}
	return "unknown"
}
