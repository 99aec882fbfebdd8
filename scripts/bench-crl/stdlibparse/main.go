// Command stdlibparse reads a CRL as a program would that leaves it to the standard library:
//
//	stdlibparse CRL
package main

import (
	"crypto/x509"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: stdlibparse CRL")
		os.Exit(2)
	}
	der, err := os.ReadFile(os.Args[1])
	if err == nil {
		_, err = x509.ParseRevocationList(der)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "stdlibparse:", err)
		os.Exit(2)
	}
}
