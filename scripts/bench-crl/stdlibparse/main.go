// Command stdlibparse reads a CRL as a program would that leaves it to the standard library.
package main

import (
	"crypto/x509"
	"fmt"
	"os"
)

func main() {
	der, err := os.ReadFile(os.Args[1])
	if err == nil {
		_, err = x509.ParseRevocationList(der)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "stdlibparse:", err)
		os.Exit(2)
	}
}
