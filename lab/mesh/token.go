package mesh

import "time"

// TokenRule is about the tokens (JWT) of an issuer, in requests. A request with a token that does not
// hold is refused; one without any goes on.
type TokenRule struct {
	From   string // the rule's name, for the reader
	Field  string // of the rule, such as spec.jwtRules[0]
	Issuer string // "": any
	// Audiences are those of which a token must have one; none: it may have any.
	Audiences []string
	Keys      string        // the issuer's public keys, as a JSON Web Key Set
	KeysAt    string        // the URL of those; "": the issuer's own page has it, where there are no Keys
	Timeout   time.Duration // for fetching them
	// KeysProblem is why they could not be fetched; then no token fits Keys.
	KeysProblem string

	// Headers, Params and Cookies are where tokens are looked for; without any, in the header
	// authorization behind "Bearer ", and in the parameter access_token.
	Headers         []TokenHeader
	Params, Cookies []string

	Forward       bool          // the program sees the token too
	PayloadHeader string        // tells the program the claims; "": none
	ClaimHeaders  []ClaimHeader // tell it single ones
	// Lists are claims whose texts are lists, parted by spaces.
	Lists []string
}

// TokenHeader is a header that may have a token, behind a prefix.
type TokenHeader struct{ Name, Prefix string }

// ClaimHeader is a header that tells a claim. Names of a path of claims are parted by dots.
type ClaimHeader struct{ Claim, Header string }
