package cause

import "strings"

// tlsDetails are in what Envoy says of a connection that TLS did not come about on.
const tlsDetails = "TLS_error:"

// TLSProblem is what kept TLS from coming about: in words, as far as they are known, and in Envoy's.
func TLSProblem(details string) (words, envoy string) {
	_, text, _ := strings.Cut(details, strings.TrimSuffix(tlsDetails, ":")) // of bytes that are none, with | behind it
	text = strings.TrimPrefix(text, ":")
	if _, inner, ok := strings.Cut(text, "OPENSSL_internal:"); ok {
		text = inner
	}
	text, _, _ = strings.Cut(strings.TrimSuffix(text, "}"), ":TLS_error_end")
	envoy = strings.TrimSpace(strings.ReplaceAll(text, "_", " "))
	for _, p := range tlsProblems() {
		if strings.Contains(text, p.sign) {
			return p.words, envoy
		}
	}
	return "it did not come about", envoy
}

// BrokenOff reports whether it was the other side that ended the attempt.
func BrokenOff(details string) bool {
	return strings.Contains(details, "_ALERT_") || strings.Contains(details, unread)
}

// unread is what Envoy says where a client tells in plain text why it breaks off, as OpenSSL does.
const unread = "DECRYPTION_FAILED_OR_BAD_RECORD_MAC"

// AboutCertificate reports whether a side had no certificate, or one that the other side does not believe.
func AboutCertificate(details string) bool {
	return strings.Contains(details, "CERTIFICATE_VERIFY_FAILED") || strings.Contains(details, "PEER_DID_NOT_RETURN_A_CERTIFICATE")
}

type problem struct{ sign, words string }

// tlsProblems are told apart by a part of Envoy's words. The first that fits counts.
func tlsProblems() []problem {
	return []problem{
		{"not_supplied_by_SDS", "a Secret that the rule names is not there, or lacks a certificate or an authority"},
		{"SAN_matcher", "its certificate is for another name"},
		{"certificate_has_expired", "its certificate has expired"},
		{"certificate_is_not_yet_valid", "its certificate is not valid yet"},
		{"CERTIFICATE_VERIFY_FAILED", "no authority that is believed has signed its certificate"},
		{"PEER_DID_NOT_RETURN_A_CERTIFICATE", "it sent no certificate"},
		{"CERTIFICATE_REQUIRED", "it asks for a certificate, and got none"},
		{"ALERT_HANDSHAKE_FAILURE", "it did not like what it got, as where it asks for a certificate and got none"},
		{"ALERT_UNKNOWN_CA", "it does not believe the authority of the certificate that it got"},
		{"ALERT_BAD_CERTIFICATE", "it does not believe the certificate that it got"},
		{"ALERT_CERTIFICATE_UNKNOWN", "it does not believe the certificate that it got"},
		{"ALERT_CERTIFICATE_EXPIRED", "the certificate that it got has expired"},
		{unread, "it broke off, as those do that do not believe the certificate that they got"},
		{"UNSUPPORTED_PROTOCOL", "it wants a version of TLS that is not taken"},
		{"WRONG_VERSION_NUMBER", "it does not speak TLS"},
		{"HTTP_REQUEST", "it does not speak TLS"},
		{"HTTPS_PROXY_REQUEST", "it does not speak TLS"},
	}
}
