package config

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// parse is the file's one document, or a nil node where it is empty.
func (d *decoder) parse(source []byte) (ast.Node, error) {
	tokens := lexer.Tokenize(strings.TrimPrefix(string(source), "\ufeff")) // the mark that some editors put in front
	if at, deep := tooDeep(tokens); deep {
		d.remarks.faultAt(at, "", "is nested too deeply")
		return nil, errFaulty
	}
	if at, second := secondDocument(tokens); second {
		d.remarks.faultAt(at, "", "begins a second document")
		return nil, errFaulty
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // they are found below, with all else
	if err != nil {
		d.syntaxFault(err)
		return nil, errFaulty
	}
	for _, document := range file.Docs {
		if _, directive := document.Body.(*ast.DirectiveNode); !directive { // such as %YAML 1.2
			return document.Body, nil
		}
	}
	return nil, nil
}

// secondDocument says where another document begins after the first. The parser would drop some of them silently.
func secondDocument(tokens token.Tokens) (position, bool) {
	content, directive := false, false
	for _, t := range tokens {
		switch t.Type {
		case token.CommentType:
		case token.DirectiveType:
			directive = true
		case token.DocumentHeaderType, token.DocumentEndType:
			if content && (t.Type == token.DocumentHeaderType || t.Next != nil) {
				return tokenPosition(t), true
			}
			content, directive = true, false
		default:
			content = content || !directive
		}
	}
	return position{}, false
}

func tokenPosition(t *token.Token) position {
	return position{line: t.Position.Line, column: t.Position.Column}
}

// syntaxFault notes what the parser could not read.
func (d *decoder) syntaxFault(err error) {
	var fault yaml.Error
	if !errors.As(err, &fault) || fault.GetToken() == nil {
		d.remarks.fault("", "is not YAML")
		return
	}
	d.remarks.faultAt(tokenPosition(fault.GetToken()), "", fault.GetMessage())
}

// maxDepth is more than any configuration has. The parser's memory grows with the square of the depth: without a
// bound 64 KB of brackets would take gigabytes, in a relay that is only asked to look at its file again.
const maxDepth = 32

// tooDeep says where brackets, or dashes of one line, are nested too deeply. Other nesting is bounded by its
// indentation.
func tooDeep(tokens token.Tokens) (position, bool) {
	brackets, dashes := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets = max(brackets-1, 0)
		case token.SequenceEntryType, token.MappingKeyType:
			dashes++
			if brackets+dashes > maxDepth {
				return tokenPosition(t), true
			}
			continue
		}
		dashes = 0
		if brackets > maxDepth {
			return tokenPosition(t), true
		}
	}
	return position{}, false
}
