// A runner of the conformance kit for ygo, the independent port of Yjs in Go.
package main

import (
	"fmt"
	"os"
)

func main() {
	output := os.Stdout
	os.Stdout = os.Stderr
	if err := serve(os.Stdin, output); err != nil {
		fmt.Fprintln(os.Stderr, "ygo-runner:", err)
		os.Exit(2)
	}
}
