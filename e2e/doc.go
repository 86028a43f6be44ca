// Package e2e tests the programs of this repository as their users run them: as processes,
// over HTTP and by the command line, with real tracing backends. Its benchmarks take the
// figures of the README.
//
// E2E_PROGRAMS names a folder with the programs if they are not to be built; E2E_WITHOUT
// lists, with commas, what the tests are to do without: jaeger, zipkin. Tests that need it
// are skipped, and say so. Nothing else is skipped.
package e2e
