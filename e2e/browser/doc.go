// Package browser looks at the lab's live page with a real Chromium: what it shows is held against
// what the verbs print. Pictures of all that it saw are in out/browser. E2E_WITHOUT=browser leaves
// it out.
package browser
