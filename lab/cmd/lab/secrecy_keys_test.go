package main

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"
)

// privateKeys are lines of keys that must be nowhere.
type privateKeys [][]byte

// keysOf are those of the files in certs/.
func keysOf(ts *testscript.TestScript) (keys privateKeys) {
	files, err := filepath.Glob(ts.MkAbs("certs/*.key"))
	ts.Check(err)
	if len(files) < 3 {
		ts.Fatalf("keys %q", files)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		ts.Check(err)
		lines := bytes.Split(data, []byte("\n"))
		keys = append(keys, lines[1], lines[2]) // what follows is public
	}
	return keys
}

var (
	encoded = regexp.MustCompile(`[A-Za-z0-9+/_-]{30,}=*`)
	jwk     = regexp.MustCompile(`"d"\s*:\s*"[A-Za-z0-9_-]{20,}"`)
)

// in names the first private key in a text, in plain or encoded, of the given ones or any; "": there is none.
func (k privateKeys) in(text []byte) string {
	if bytes.Contains(text, []byte("PRIVATE KEY")) {
		return "a private key as PEM"
	}
	if jwk.Match(text) {
		return "a private key as JWK"
	}
	for _, line := range k {
		if bytes.Contains(text, line) {
			return fmt.Sprintf("the key with %.12s…", line)
		}
	}
	for _, word := range encoded.FindAll(text, -1) {
		data := decodedKey(word)
		if len(data) == 0 {
			continue
		}
		if isKey(data) {
			return fmt.Sprintf("a private key as %.12s…", word)
		}
		if what := k.in(data); what != "" {
			return what + " in base64"
		}
	}
	return ""
}

func decodedKey(word []byte) []byte {
	word = bytes.TrimRight(word, "=")
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if data, err := e.DecodeString(string(word)); err == nil {
			return data
		}
	}
	return nil
}

func isKey(der []byte) bool {
	_, pkcs8 := x509.ParsePKCS8PrivateKey(der)
	_, pkcs1 := x509.ParsePKCS1PrivateKey(der)
	_, ec := x509.ParseECPrivateKey(der)
	return pkcs8 == nil || pkcs1 == nil || ec == nil
}
