// Package identity is who somebody is, and how that is proven: the tokens that requests bear.
package identity
